// The library tells the console of every connection that a killed server leaves behind; a test says what matters.

import { LogService } from "matrix-bot-sdk";

const nothing = () => {};

LogService.setLogger({ trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing });
