/*
 * A library with the functions of WeCom's own for the chat archive (libWeWorkFinanceSdk_C.so), for tests and demonstrations:
 * it asks the simulator, whose address is given to it as the proxy, and knows no cipher itself. Like the real one it writes to
 * the standard output now and then, and blocks while it asks.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NETWORK = 10001,
    /* The statuses by which the simulator answers a code, and ends this process. */
    REFUSED = 418,
    CRASH = 599
};

typedef struct { char *corp, *secret; } Sdk;
typedef struct { char *buf; int len; } Slice;
typedef struct { char *index; int index_len; char *data; int data_len; int is_finish; } MediaData;

/* DecryptData is told neither company nor proxy, so the last one counts. */
static int port;

/* Posts lines to the simulator; its whole answer with its head, ended by a zero byte, or nothing. */
static char *ask(const char *what, const char *body, size_t body_length, size_t *length) {
    int line = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char head[256];
    int head_length = snprintf(head, sizeof head,
                               "POST /archive/%s HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
                               "Content-Length: %zu\r\n\r\n",
                               what, body_length);
    size_t room = 65536;
    char *answer = malloc(room);
    *length = 0;
    if (line < 0 || answer == NULL || connect(line, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(line, head, (size_t)head_length, MSG_NOSIGNAL) != head_length) {
        goto broken;
    }
    for (size_t sent = 0; sent < body_length;) {
        ssize_t count = send(line, body + sent, body_length - sent, MSG_NOSIGNAL);
        if (count <= 0) goto broken;
        sent += (size_t)count;
    }
    for (;;) {
        if (*length + 1 == room) {
            char *larger = realloc(answer, room *= 2);
            if (larger == NULL) goto broken;
            answer = larger;
        }
        ssize_t count = recv(line, answer + *length, room - *length - 1, 0);
        if (count < 0) goto broken;
        if (count == 0) break;
        *length += (size_t)count;
    }
    answer[*length] = 0;
    close(line);
    return answer;
broken:
    free(answer);
    if (line >= 0) close(line);
    return NULL;
}

/* Asks, and parts the body from the head: 0, or the code. */
static int call(const char *what, const char *body, char **answer, char **content, size_t *length) {
    size_t whole;
    *answer = ask(what, body, strlen(body), &whole);
    *content = *answer == NULL ? NULL : strstr(*answer, "\r\n\r\n");
    if (*content == NULL) {
        free(*answer);
        return NETWORK;
    }
    **content = 0;
    *content += 4;
    *length = whole - (size_t)(*content - *answer);
    int status = atoi(*answer + strlen("HTTP/1.0 "));
    if (status == 200) return 0;
    if (status == CRASH) abort();
    int code = status == REFUSED ? atoi(*content) : NETWORK;
    free(*answer);
    return code;
}

/* What stands behind the name of a header, in whatever case it is written; nothing is an empty text. */
static const char *header(const char *head, const char *name) {
    for (const char *line = head; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, strlen(name)) == 0) return line + strlen(name);
    }
    return "";
}

/* A copy with a zero byte behind it. */
static char *copied(const char *bytes, size_t length) {
    char *copy = malloc(length + 1);
    if (copy == NULL) abort();
    memcpy(copy, bytes, length);
    copy[length] = 0;
    return copy;
}

static char *lines(const char *one, const char *two) {
    size_t length = strlen(one) + strlen(two) + 2;
    char *joined = malloc(length);
    if (joined == NULL) abort();
    snprintf(joined, length, "%s\n%s", one, two);
    return joined;
}

static int fill(int code, char *answer, const char *content, size_t length, Slice *slice) {
    if (code != 0) return code;
    free(slice->buf);
    slice->buf = copied(content, length);
    slice->len = (int)length;
    free(answer);
    return 0;
}

Sdk *NewSdk(void) {
    return calloc(1, sizeof(Sdk));
}

int Init(Sdk *sdk, const char *corp, const char *secret) {
    printf("finance sdk: init\n");
    fflush(stdout);
    sdk->corp = copied(corp, strlen(corp));
    sdk->secret = copied(secret, strlen(secret));
    return 0;
}

int GetChatData(Sdk *sdk, unsigned long long seq, unsigned int limit, const char *proxy, const char *passwd,
                int timeout, Slice *slice) {
    (void)passwd, (void)timeout;
    const char *colon = strrchr(proxy, ':');
    port = colon == NULL ? 0 : atoi(colon + 1);
    size_t length;
    char numbers[64], *answer, *content, *credentials = lines(sdk->corp, sdk->secret);
    snprintf(numbers, sizeof numbers, "%llu\n%u", seq, limit);
    char *body = lines(credentials, numbers);
    int code = call("chatdata", body, &answer, &content, &length);
    free(body);
    free(credentials);
    return fill(code, answer, content, length, slice);
}

int DecryptData(const char *key, const char *message, Slice *slice) {
    size_t length;
    char *answer, *content, *body = lines(key, message);
    int code = call("decrypt", body, &answer, &content, &length);
    free(body);
    return fill(code, answer, content, length, slice);
}

int GetMediaData(Sdk *sdk, const char *index, const char *file, const char *proxy, const char *passwd, int timeout,
                 MediaData *media) {
    (void)sdk, (void)passwd, (void)timeout;
    const char *colon = strrchr(proxy, ':');
    port = colon == NULL ? 0 : atoi(colon + 1);
    size_t length;
    char *answer, *content, *body = lines(index, file);
    int code = call("media", body, &answer, &content, &length);
    free(body);
    if (code != 0) return code;
    const char *next = header(answer, "x-next: ");
    media->index = copied(next, strcspn(next, "\r\n"));
    media->index_len = (int)strlen(media->index);
    media->data = copied(content, length);
    media->data_len = (int)length;
    media->is_finish = *header(answer, "x-last: ") == '1';
    free(answer);
    return 0;
}

void DestroySdk(Sdk *sdk) {
    free(sdk->corp);
    free(sdk->secret);
    free(sdk);
}

Slice *NewSlice(void) {
    return calloc(1, sizeof(Slice));
}

void FreeSlice(Slice *slice) {
    free(slice->buf);
    free(slice);
}

char *GetContentFromSlice(Slice *slice) {
    return slice->buf;
}

int GetSliceLen(Slice *slice) {
    return slice->len;
}

MediaData *NewMediaData(void) {
    return calloc(1, sizeof(MediaData));
}

void FreeMediaData(MediaData *media) {
    free(media->index);
    free(media->data);
    free(media);
}

char *GetOutIndexBuf(MediaData *media) {
    return media->index;
}

char *GetData(MediaData *media) {
    return media->data;
}

int GetIndexLen(MediaData *media) {
    return media->index_len;
}

int GetDataLen(MediaData *media) {
    return media->data_len;
}

int IsMediaDataFinish(MediaData *media) {
    return media->is_finish;
}
