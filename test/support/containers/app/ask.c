/*
 * `ask NAME PORT PATH TIMES PAUSE`: so many requests, so many milliseconds apart, each with a look-up and a connection of
 * its own. A line of JSON for each: its answer, or what came instead of it, and how long it took. A static program has no
 * resolver that it could rely on, so the question to the engine's DNS is put together here.
 */
#define _GNU_SOURCE
#include "ask.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Of an answer, and of the DNS, which asks others for a name that it does not know. */
#define PATIENCE_S 5
#define DNS_PATIENCE_S 2

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void be_patient(int fd, int seconds) {
  struct timeval patience = {.tv_sec = seconds};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* Where a name in an answer ends: at a zero, or after a pointer. */
static int after_name(const unsigned char *data, int at, int size) {
  while (at < size && data[at] != 0) {
    if ((data[at] & 0xc0) == 0xc0) return at + 2;
    at += data[at] + 1;
  }
  return at + 1;
}

/* The first address of a name; 0 when there is none. */
static int look_up(const char *name, struct in_addr *address) {
  unsigned char data[512] = {0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
  int size = 12;
  for (const char *label = name; *label != 0;) {
    const char *dot = strchrnul(label, '.');
    data[size++] = (unsigned char)(dot - label);
    memcpy(data + size, label, dot - label);
    size += dot - label;
    label = *dot == 0 ? dot : dot + 1;
  }
  data[size++] = 0;
  memcpy(data + size, "\0\1\0\1", 4);
  size += 4;
  struct sockaddr_in dns = {.sin_family = AF_INET, .sin_port = htons(53)};
  inet_pton(AF_INET, "127.0.0.11", &dns.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  be_patient(fd, DNS_PATIENCE_S);
  sendto(fd, data, size, 0, (struct sockaddr *)&dns, sizeof dns);
  int got = recv(fd, data, sizeof data, 0);
  close(fd);
  if (got < 12 || (data[3] & 0x0f) != 0) return 0;
  int answers = data[6] << 8 | data[7];
  int at = after_name(data, 12, got) + 4;
  for (; answers > 0; answers--) {
    at = after_name(data, at, got);
    if (at + 10 > got) return 0;
    int type = data[at] << 8 | data[at + 1], length = data[at + 8] << 8 | data[at + 9];
    at += 10;
    if (type == 1 && length == 4 && at + 4 <= got) {
      memcpy(address, data + at, 4);
      return 1;
    }
    at += length;
  }
  return 0;
}

/* The body of the answer, or a word for what came instead. */
static int get(struct in_addr address, int port, const char *path, char *said, int room) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  be_patient(fd, PATIENCE_S);
  if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0) {
    close(fd);
    snprintf(said, room, "refused");
    return 0;
  }
  char text[2048];
  int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
  send(fd, text, length, MSG_NOSIGNAL);
  int size = 0, got;
  while (size < (int)sizeof text - 1 && (got = recv(fd, text + size, sizeof text - 1 - size, 0)) > 0) size += got;
  close(fd);
  text[size] = 0;
  char *body = strstr(text, "\r\n\r\n");
  if (body == NULL) {
    snprintf(said, room, got < 0 ? "silent" : "cut");
    return 0;
  }
  body[4 + strcspn(body + 4, "\r\n\"")] = 0;
  snprintf(said, room, "%s", body + 4);
  return 1;
}

int ask(int words, char **word) {
  if (words < 5) return 2;
  for (int left = atoi(word[3]); left > 0; left--) {
    long began = now_ms();
    struct in_addr address;
    char said[256] = "unknown";
    int answered = look_up(word[0], &address) && get(address, atoi(word[1]), word[2], said, sizeof said);
    printf("{\"%s\":\"%s\",\"ms\":%ld}\n", answered ? "answer" : "trouble", said, now_ms() - began);
    fflush(stdout);
    usleep(atoi(word[4]) * 1000);
  }
  return 0;
}
