/*
 * Speaks with WeCom's library for the chat archive (会话内容存档) for the bridge, in a process of its own: the library is
 * closed, brings its own TLS, may crash, hang or write to the standard output, and nothing of that may harm the bridge.
 *
 *     archive_helper /path/to/libWeWorkFinanceSdk_C.so
 *
 * Requests come on the standard input and are answered, one after the other, on the standard output. Both are frames: a
 * length of four bytes, then fields to that length, each a length of four bytes and its bytes; lengths are big-endian and
 * numbers are decimal digits. Nothing is parsed beyond that.
 *
 *     init     company, secret, proxy, password of the proxy, seconds   ->  ok
 *     fetch    sequence number, most entries                            ->  ok, what the platform answered
 *     decrypt  key, message                                             ->  ok, the message
 *     media    index (empty at first), id of the file                   ->  ok, next index, "1" at the end, bytes
 *
 * What the library refuses is answered with "code" and its number, what goes wrong here with "failure" and words. The
 * process ends when its standard input does.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIELDS_MAX = 8,
    /* Longest frame, each way: a page of the archive. */
    FRAME_BYTES_MAX = 32 * 1024 * 1024
};

/* Whatever the library hands out; only the library looks into it. */
typedef struct opaque opaque;

static struct {
    opaque *(*NewSdk)(void);
    int (*Init)(opaque *, const char *, const char *);
    int (*GetChatData)(opaque *, unsigned long long, unsigned int, const char *, const char *, int, opaque *);
    int (*DecryptData)(const char *, const char *, opaque *);
    int (*GetMediaData)(opaque *, const char *, const char *, const char *, const char *, int, opaque *);
    void (*DestroySdk)(opaque *);
    opaque *(*NewSlice)(void);
    void (*FreeSlice)(opaque *);
    char *(*GetContentFromSlice)(opaque *);
    int (*GetSliceLen)(opaque *);
    opaque *(*NewMediaData)(void);
    void (*FreeMediaData)(opaque *);
    char *(*GetOutIndexBuf)(opaque *);
    char *(*GetData)(opaque *);
    int (*GetIndexLen)(opaque *);
    int (*GetDataLen)(opaque *);
    int (*IsMediaDataFinish)(opaque *);
} library;

static opaque *sdk;
static char *proxy, *password;
static int call_seconds;
static int input, output;

struct field {
    const char *bytes;
    size_t length;
};

static int read_all(void *to, size_t length) {
    char *at = to;
    while (length > 0) {
        ssize_t count = read(input, at, length);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return 0;
        at += count;
        length -= (size_t)count;
    }
    return 1;
}

/* Ends the process where nobody reads any more. */
static void write_all(const void *from, size_t length) {
    const char *at = from;
    while (length > 0) {
        ssize_t count = write(output, at, length);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) exit(1);
        at += count;
        length -= (size_t)count;
    }
}

static uint32_t number_at(const char *bytes) {
    const unsigned char *digit = (const unsigned char *)bytes;
    return (uint32_t)digit[0] << 24 | (uint32_t)digit[1] << 16 | (uint32_t)digit[2] << 8 | digit[3];
}

static void write_number(size_t number) {
    const unsigned char digits[4] = {number >> 24 & 0xff, number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff};
    write_all(digits, sizeof digits);
}

static struct field text(const char *words) {
    return (struct field){words, strlen(words)};
}

static void answer(const struct field *fields, unsigned count) {
    size_t length = 0;
    for (unsigned index = 0; index < count; index++) length += 4 + fields[index].length;
    if (length > FRAME_BYTES_MAX) {
        const struct field large[] = {text("failure"), text("too large")};
        answer(large, 2);
        return;
    }
    write_number(length);
    for (unsigned index = 0; index < count; index++) {
        write_number(fields[index].length);
        write_all(fields[index].bytes, fields[index].length);
    }
}

static void answer_failure(const char *words) {
    const struct field fields[] = {text("failure"), text(words)};
    answer(fields, 2);
}

static void answer_code(int code) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", code);
    const struct field fields[] = {text("code"), text(digits)};
    answer(fields, 2);
}

/* Cuts a frame into its fields, each ended by a zero byte in the place where the next one's length was. How many there are;
 * none when the frame makes no sense. */
static unsigned cut(char *frame, size_t length, char *fields[FIELDS_MAX]) {
    size_t lengths[FIELDS_MAX], at = 0;
    unsigned count = 0;
    while (at < length) {
        if (count == FIELDS_MAX || length - at < 4) return 0;
        lengths[count] = number_at(frame + at);
        at += 4;
        if (lengths[count] > length - at) return 0;
        fields[count] = frame + at;
        at += lengths[count++];
    }
    for (unsigned index = 0; index < count; index++) {
        fields[index][lengths[index]] = 0;
        if (strlen(fields[index]) != lengths[index]) return 0;
    }
    return count;
}

/* Loads the library; nothing, or why not. */
static const char *load(const char *path) {
    static char words[512];
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        snprintf(words, sizeof words, "the library cannot be loaded: %s", dlerror());
        return words;
    }
#define LOAD(name)                                                                                                     \
    if ((*(void **)&library.name = dlsym(handle, #name)) == NULL) return "the library has no function " #name
    LOAD(NewSdk);
    LOAD(Init);
    LOAD(GetChatData);
    LOAD(DecryptData);
    LOAD(GetMediaData);
    LOAD(DestroySdk);
    LOAD(NewSlice);
    LOAD(FreeSlice);
    LOAD(GetContentFromSlice);
    LOAD(GetSliceLen);
    LOAD(NewMediaData);
    LOAD(FreeMediaData);
    LOAD(GetOutIndexBuf);
    LOAD(GetData);
    LOAD(GetIndexLen);
    LOAD(GetDataLen);
    LOAD(IsMediaDataFinish);
#undef LOAD
    return NULL;
}

static void init(const char *path, char **fields) {
    if (sdk != NULL) return answer_failure("init comes once");
    const char *words = load(path);
    if (words != NULL) return answer_failure(words);
    proxy = strdup(fields[3]);
    password = strdup(fields[4]);
    call_seconds = atoi(fields[5]);
    opaque *made = library.NewSdk();
    if (made == NULL || proxy == NULL || password == NULL) return answer_failure("out of memory");
    int code = library.Init(made, fields[1], fields[2]);
    if (code != 0) {
        library.DestroySdk(made);
        return answer_code(code);
    }
    sdk = made;
    const struct field done[] = {text("ok")};
    answer(done, 1);
}

/* Answers a slice that a call of the library filled, and frees it. */
static void answer_slice(int code, opaque *slice) {
    int length = code == 0 ? library.GetSliceLen(slice) : 0;
    if (code != 0) {
        answer_code(code);
    } else if (length < 0) {
        answer_failure("the library answered less than nothing");
    } else {
        const struct field fields[] = {text("ok"), {library.GetContentFromSlice(slice), (size_t)length}};
        answer(fields, 2);
    }
    library.FreeSlice(slice);
}

static void fetch(char **fields) {
    opaque *slice = library.NewSlice();
    if (slice == NULL) return answer_failure("out of memory");
    unsigned long long after = strtoull(fields[1], NULL, 10);
    unsigned int most = (unsigned int)strtoul(fields[2], NULL, 10);
    answer_slice(library.GetChatData(sdk, after, most, proxy, password, call_seconds, slice), slice);
}

static void decrypt(char **fields) {
    opaque *slice = library.NewSlice();
    if (slice == NULL) return answer_failure("out of memory");
    answer_slice(library.DecryptData(fields[1], fields[2], slice), slice);
}

static void media(char **fields) {
    opaque *piece = library.NewMediaData();
    if (piece == NULL) return answer_failure("out of memory");
    int code = library.GetMediaData(sdk, fields[1], fields[2], proxy, password, call_seconds, piece);
    int index_length = code == 0 ? library.GetIndexLen(piece) : 0, length = code == 0 ? library.GetDataLen(piece) : 0;
    if (code != 0) {
        answer_code(code);
    } else if (index_length < 0 || length < 0) {
        answer_failure("the library answered less than nothing");
    } else {
        const struct field fields_of_piece[] = {
            text("ok"),
            {library.GetOutIndexBuf(piece), (size_t)index_length},
            text(library.IsMediaDataFinish(piece) ? "1" : "0"),
            {library.GetData(piece), (size_t)length},
        };
        answer(fields_of_piece, 4);
    }
    library.FreeMediaData(piece);
}

/* What the library reads or writes by itself must not get between the frames. */
static int keep_streams_apart(void) {
    int nothing = open("/dev/null", O_RDWR);
    input = dup(STDIN_FILENO);
    output = dup(STDOUT_FILENO);
    return nothing >= 0 && input >= 0 && output >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 2) {
        fputs("usage: archive_helper /path/to/libWeWorkFinanceSdk_C.so\n", stderr);
        return 2;
    }
    if (!keep_streams_apart()) return 1;
    signal(SIGPIPE, SIG_IGN);
    char head[4];
    while (read_all(head, sizeof head)) {
        size_t length = number_at(head);
        char *fields[FIELDS_MAX], *frame = length > FRAME_BYTES_MAX ? NULL : malloc(length + 1);
        if (frame == NULL || !read_all(frame, length)) return 1;
        unsigned count = cut(frame, length, fields);
        const char *what = count > 0 ? fields[0] : "";
        if (count == 6 && strcmp(what, "init") == 0) init(arguments[1], fields);
        else if (sdk == NULL) answer_failure("init comes first");
        else if (count == 3 && strcmp(what, "fetch") == 0) fetch(fields);
        else if (count == 3 && strcmp(what, "decrypt") == 0) decrypt(fields);
        else if (count == 3 && strcmp(what, "media") == 0) media(fields);
        else answer_failure("a request without sense");
        free(frame);
    }
    if (sdk != NULL) library.DestroySdk(sdk);
    return 0;
}
