// The library writes every retry to the console, and takes hold of the console when it is loaded: so this
// comes before it. What matters here is what the library shows in the end.

for (const level of ["trace", "debug", "log", "info", "warn", "error"]) console[level] = () => {};
