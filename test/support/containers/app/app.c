/*
 * The program of the test images: an HTTP server whose conduct is set by environment variables. It is written in C so
 * that an image made from scratch is one small file, starts in a millisecond and needs a megabyte of memory.
 *
 *   GET /                  the version (APP_VERSION), also in the header X-App-Version; X-App-Instance is the host name
 *   GET /slow?ms=8000      the same, after a while
 *   GET /health            200 ok, or 500 with APP_HEALTH_SAYS
 *   GET /status?code=503   the version, with that status
 *   GET /control?health=fail   (or ok) lets the health check of this instance fail from now on
 *   GET /crash             ends the process at once with 3
 *   GET /ws                a WebSocket that echoes
 *
 *   APP_PORT=8080               where it listens
 *   APP_ON_TERM=exit            what SIGTERM does: exit (at once, whatever is in flight), drain (no new connection; ends
 *                               when the last request is answered), ignore
 *   APP_HEALTH=fail             the health check fails from the start
 *   APP_HEALTH_FAILS_AFTER=5    … or after so many seconds
 *   APP_HEALTH_SAYS=text        what a failing health check answers
 *   APP_READY_AFTER=2           it listens only after so many seconds
 *   APP_CRASH_AFTER=5           it ends with 3 after so many seconds
 *   APP_EXIT_AT_ONCE=text       it writes the text to standard error and ends with 1
 *   APP_LINES=200               it writes so many lines to standard error first
 *   APP_EAT_MIB=256             it takes so much memory
 *
 * With words it does one small thing and ends, for commands run inside a container that has no shell:
 * `probe [PATH]` (ends with 1 unless the answer is 2xx), `cat FILE`, `env NAME`, `echo WORDS`, `id`, `sleep SECONDS`,
 * `fail CODE`, `ask NAME PORT PATH TIMES PAUSE` (see ask.c).
 */
#define _GNU_SOURCE
#include "ask.h"
#include "websocket.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { FREE, IDLE, BUSY, WEBSOCKET };

#define MOST_CONNECTIONS 4096
#define HEAD_SIZE 16384

static struct {
  int fd;
  enum state state;
} connections[MOST_CONNECTIONS];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int listener, draining, health_fails;
static const char *version, *health_says;
static char instance[65];

static const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value == NULL || *value == 0 ? otherwise : value;
}

static void rest(double seconds) {
  struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&time, &time) != 0) continue;
}

static int send_all(int fd, const char *bytes, size_t length) {
  for (ssize_t sent; length > 0; bytes += sent, length -= (size_t)sent)
    if ((sent = send(fd, bytes, length, MSG_NOSIGNAL)) <= 0) return 0;
  return 1;
}

static int answer(int fd, int status, const char *body, int is_head, int keep) {
  char text[2048];
  int length = snprintf(text, sizeof text,
                        "HTTP/1.1 %d %s\r\nX-App-Version: %s\r\nX-App-Instance: %s\r\nContent-Type: text/plain\r\n"
                        "Content-Length: %zu\r\n%s\r\n%.1024s",
                        status, status < 400 ? "OK" : "Error", version, instance, strnlen(body, 1024),
                        keep ? "" : "Connection: close\r\n", is_head ? "" : body);
  return send_all(fd, text, (size_t)length);
}

/* The value of a header, or NULL; the result lives until the next call of this thread. */
static const char *header(const char *head, const char *name) {
  static __thread char value[256];
  char start[64];
  snprintf(start, sizeof start, "\r\n%s:", name);
  const char *found = strcasestr(head, start);
  if (found == NULL) return NULL;
  found += strlen(start);
  found += strspn(found, " ");
  snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r"), found);
  return value;
}

static int parameter(const char *path, const char *name, int otherwise) {
  const char *found = strstr(path, name);
  return found == NULL ? otherwise : atoi(found + strlen(name));
}

static int is_path(const char *path, const char *wanted) {
  size_t length = strlen(wanted);
  return strncmp(path, wanted, length) == 0 && (path[length] == 0 || path[length] == '?');
}

/* Answers one request; whether the connection stays. */
static int serve(int fd, const char *method, const char *path, int keep) {
  int is_head = strcmp(method, "HEAD") == 0;
  if (is_path(path, "/crash")) _exit(3);
  if (is_path(path, "/slow")) rest(parameter(path, "ms=", 1000) / 1000.0);
  if (is_path(path, "/control")) health_fails = strstr(path, "health=fail") != NULL;
  int status = is_path(path, "/status") ? parameter(path, "code=", 200) : 200;
  keep = keep && !draining;
  if (is_path(path, "/health"))
    return answer(fd, health_fails ? 500 : 200, health_fails ? health_says : "ok\n", is_head, keep) && keep;
  return answer(fd, status, version, is_head, keep) && keep;
}

static void change_state(int slot, enum state state) {
  pthread_mutex_lock(&guard);
  connections[slot].state = state;
  if (draining && state == IDLE) shutdown(connections[slot].fd, SHUT_RD);
  pthread_mutex_unlock(&guard);
}

static void upgrade(int slot, const char *key, const char *left, int length) {
  int fd = connections[slot].fd;
  char accept[29], text[512];
  websocket_accept(key, accept);
  int size = snprintf(text, sizeof text,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "X-App-Version: %s\r\nX-App-Instance: %s\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                      version, instance, accept);
  change_state(slot, WEBSOCKET);
  if (send_all(fd, text, (size_t)size)) websocket_echo(fd, (const unsigned char *)left, length);
}

/* Reads requests off one connection until it ends. Bodies are read and thrown away. */
static void *converse(void *argument) {
  int slot = (int)(long)argument, fd = connections[slot].fd, filled = 0;
  char head[HEAD_SIZE + 1], method[16], path[1024];
  for (;;) {
    head[filled] = 0;
    char *end = strstr(head, "\r\n\r\n");
    if (end == NULL) {
      ssize_t got = filled == HEAD_SIZE ? 0 : read(fd, head + filled, (size_t)(HEAD_SIZE - filled));
      if (got <= 0) break;
      filled += (int)got;
      continue;
    }
    change_state(slot, BUSY);
    int length = (int)(end + 4 - head);
    end[2] = 0;
    if (sscanf(head, "%15s %1023s", method, path) != 2) break;
    const char *key = is_path(path, "/ws") ? header(head, "Sec-WebSocket-Key") : NULL;
    if (key != NULL) {
      upgrade(slot, key, head + length, filled - length);
      break;
    }
    const char *wish = header(head, "Connection");
    int keep = (wish == NULL || strcasecmp(wish, "close") != 0) && strstr(head, " HTTP/1.0") == NULL;
    const char *size = header(head, "Content-Length");
    long body = size == NULL ? 0 : atol(size);
    long here = filled - length < body ? filled - length : body;
    length += (int)here;
    for (char waste[4096]; here < body;) {
      ssize_t got = read(fd, waste, (size_t)(body - here < 4096 ? body - here : 4096));
      if (got <= 0) goto over;
      here += got;
    }
    if (!serve(fd, method, path, keep)) break;
    memmove(head, head + length, (size_t)(filled - length));
    filled -= length;
    change_state(slot, IDLE);
  }
over:
  pthread_mutex_lock(&guard);
  shutdown(fd, SHUT_WR);
  close(fd);
  connections[slot].state = FREE;
  pthread_mutex_unlock(&guard);
  return NULL;
}

static int open_connections(void) {
  int count = 0;
  pthread_mutex_lock(&guard);
  for (int slot = 0; slot < MOST_CONNECTIONS; slot++) count += connections[slot].state != FREE;
  pthread_mutex_unlock(&guard);
  return count;
}

/* What SIGTERM and SIGINT do. */
static void *heed_signals(void *argument) {
  const char *conduct = setting("APP_ON_TERM", "exit");
  for (int number; sigwait(argument, &number) == 0;) {
    fprintf(stderr, "got %s: %s\n", strsignal(number), conduct);
    if (strcmp(conduct, "ignore") == 0) continue;
    if (strcmp(conduct, "drain") != 0) _exit(0);
    pthread_mutex_lock(&guard);
    draining = 1;
    shutdown(listener, SHUT_RDWR);
    for (int slot = 0; slot < MOST_CONNECTIONS; slot++) {
      if (connections[slot].state == WEBSOCKET) websocket_going_away(connections[slot].fd);
      if (connections[slot].state == IDLE || connections[slot].state == WEBSOCKET)
        shutdown(connections[slot].fd, SHUT_RD);
    }
    pthread_mutex_unlock(&guard);
    while (open_connections() > 0) rest(0.01);
    _exit(0);
  }
  return NULL;
}

/* What happens by itself after a while. */
static void *heed_time(void *argument) {
  (void)argument;
  double fails = atof(setting("APP_HEALTH_FAILS_AFTER", "0")), crashes = atof(setting("APP_CRASH_AFTER", "0"));
  struct timespec begun, now;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  while (fails > 0 || crashes > 0) {
    rest(0.02);
    clock_gettime(CLOCK_MONOTONIC, &now);
    double passed = (double)(now.tv_sec - begun.tv_sec) + (double)(now.tv_nsec - begun.tv_nsec) / 1e9;
    if (fails > 0 && passed >= fails) health_fails = 1, fails = 0;
    if (crashes > 0 && passed >= crashes) {
      fprintf(stderr, "FATAL crashed as told\n");
      _exit(3);
    }
  }
  return NULL;
}

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int probe(const char *path, int port) {
  char text[1200];
  int fd = dial(port), status = 0, filled = 0;
  if (fd < 0) return perror("probe"), 1;
  int size = snprintf(text, sizeof text, "GET %.1000s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
  send_all(fd, text, (size_t)size);
  for (ssize_t got; (got = read(fd, text + filled, sizeof text - 1 - (size_t)filled)) > 0;) filled += (int)got;
  text[filled] = 0;
  sscanf(text, "HTTP/1.1 %d", &status);
  char *body = strstr(text, "\r\n\r\n");
  printf("%d %s", status, body == NULL ? "\n" : body + 4);
  return status >= 200 && status < 300 ? 0 : 1;
}

static int cat(const char *path) {
  char bytes[4096];
  FILE *file = fopen(path, "r");
  if (file == NULL) return perror(path), 1;
  for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;) fwrite(bytes, 1, got, stdout);
  return fclose(file);
}

static int do_one_thing(int count, char **words, int port) {
  const char *what = words[1], *first = count > 2 ? words[2] : "";
  if (strcmp(what, "probe") == 0) return probe(count > 2 ? first : "/health", port);
  if (strcmp(what, "ask") == 0) return ask(count - 2, words + 2);
  if (strcmp(what, "cat") == 0) return cat(first);
  if (strcmp(what, "env") == 0) return printf("%s\n", setting(first, "")) < 0;
  if (strcmp(what, "sleep") == 0) return rest(atof(first)), 0;
  if (strcmp(what, "fail") == 0) return fprintf(stderr, "failed as told\n"), atoi(first);
  if (strcmp(what, "id") == 0)
    return printf("uid=%d gid=%d cwd=%s\n", (int)getuid(), (int)getgid(), get_current_dir_name()) < 0;
  if (strcmp(what, "echo") != 0) return fprintf(stderr, "app: unknown word %s\n", what), 64;
  for (int i = 2; i < count; i++) printf(i + 1 < count ? "%s " : "%s", words[i]);
  puts("");
  return 0;
}

static void listen_on(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) {
    perror("listen");
    exit(1);
  }
}

static void accept_for_ever(const pthread_attr_t *small) {
  for (int slot;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 && draining) pause();
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    pthread_mutex_lock(&guard);
    for (slot = 0; slot < MOST_CONNECTIONS && connections[slot].state != FREE; slot++) continue;
    if (slot < MOST_CONNECTIONS) connections[slot].fd = fd, connections[slot].state = BUSY;
    pthread_mutex_unlock(&guard);
    pthread_t thread;
    if (slot == MOST_CONNECTIONS || pthread_create(&thread, small, converse, (void *)(long)slot) != 0) {
      close(fd);
      if (slot < MOST_CONNECTIONS) connections[slot].state = FREE;
    }
  }
}

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int port = atoi(setting("APP_PORT", "8080"));
  if (count > 1) return do_one_thing(count, words, port);
  version = setting("APP_VERSION", "none");
  health_says = setting("APP_HEALTH_SAYS", "unhealthy as told\n");
  health_fails = strcmp(setting("APP_HEALTH", "ok"), "fail") == 0;
  gethostname(instance, sizeof instance - 1);
  for (int i = 1; i <= atoi(setting("APP_LINES", "0")); i++) fprintf(stderr, "line %d\n", i);
  if (getenv("APP_EXIT_AT_ONCE") != NULL) return fprintf(stderr, "%s\n", getenv("APP_EXIT_AT_ONCE")), 1;

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&small, 256 * 1024);
  pthread_t thread;
  pthread_create(&thread, &small, heed_signals, &signals);
  pthread_create(&thread, &small, heed_time, NULL);

  size_t bytes = (size_t)atoi(setting("APP_EAT_MIB", "0")) << 20;
  char *eaten = bytes == 0 ? NULL : malloc(bytes);
  for (size_t at = 0; eaten != NULL && at < bytes; at += 4096) ((volatile char *)eaten)[at] = 1;
  rest(atof(setting("APP_READY_AFTER", "0")));
  listen_on(port);
  printf("version %s listens on port %d\n", version, port);
  accept_for_ever(&small);
}
