/* See websocket.h. SHA-1 and base64 are written out because the program is linked with nothing but the C library. */
#include "websocket.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST_FRAME 65536

static uint32_t rotate(uint32_t word, int by) { return word << by | word >> (32 - by); }

static void sha1_block(uint32_t state[5], const unsigned char *block) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
    uint32_t next = rotate(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotate(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* Of a short text: at most 119 bytes, which with their padding make one or two blocks. */
static void sha1(const char *text, unsigned char out[20]) {
  unsigned char blocks[128] = {0};
  size_t length = strlen(text), size = length < 56 ? 64 : 128;
  memcpy(blocks, text, length);
  blocks[length] = 0x80;
  blocks[size - 2] = (unsigned char)(length * 8 >> 8), blocks[size - 1] = (unsigned char)(length * 8);
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t at = 0; at < size; at += 64) sha1_block(state, blocks + at);
  for (int i = 0; i < 20; i++) out[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void websocket_accept(const char *key, char out[29]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char text[120];
  unsigned char sum[21] = {0};
  snprintf(text, sizeof text, "%.60s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1(text, sum);
  for (int i = 0; i < 7; i++) {
    uint32_t three = (uint32_t)sum[3 * i] << 16 | (uint32_t)sum[3 * i + 1] << 8 | sum[3 * i + 2];
    for (int j = 0; j < 4; j++) out[4 * i + j] = digits[three >> (18 - 6 * j) & 63];
  }
  out[27] = '='; /* 20 bytes fill 27 digits */
  out[28] = 0;
}

struct input {
  int fd;
  const unsigned char *left;
  int length;
};

static int take(struct input *in, unsigned char *into, uint64_t wanted) {
  while (wanted > 0) {
    ssize_t got;
    if (in->length > 0) {
      got = (uint64_t)in->length < wanted ? in->length : (ssize_t)wanted;
      memcpy(into, in->left, (size_t)got);
      in->left += got, in->length -= (int)got;
    } else {
      got = read(in->fd, into, wanted);
      if (got <= 0) return 0;
    }
    into += got, wanted -= (uint64_t)got;
  }
  return 1;
}

static int give(int fd, const unsigned char *bytes, size_t length) {
  for (ssize_t sent; length > 0; bytes += sent, length -= (size_t)sent)
    if ((sent = send(fd, bytes, length, MSG_NOSIGNAL)) <= 0) return 0;
  return 1;
}

static int give_frame(int fd, unsigned char first, const unsigned char *body, uint64_t length) {
  unsigned char head[4] = {first, length < 126 ? (unsigned char)length : 126, (unsigned char)(length >> 8),
                           (unsigned char)length};
  return give(fd, head, length < 126 ? 2 : 4) && give(fd, body, (size_t)length);
}

void websocket_going_away(int fd) { give_frame(fd, 0x88, (const unsigned char[]){1001 >> 8, 1001 & 255}, 2); }

void websocket_echo(int fd, const unsigned char *left, int length) {
  struct input in = {fd, left, length};
  unsigned char head[2], more[8], mask[4], body[LARGEST_FRAME];
  while (take(&in, head, 2)) {
    uint64_t size = head[1] & 127;
    int extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (!take(&in, more, (uint64_t)extra)) return;
    if (extra > 0) size = 0;
    for (int i = 0; i < extra; i++) size = size << 8 | more[i];
    if (!(head[1] & 128) || size >= LARGEST_FRAME) {
      give_frame(fd, 0x88, (const unsigned char[]){1009 >> 8, 1009 & 255}, 2);
      return;
    }
    if (!take(&in, mask, 4) || !take(&in, body, size)) return;
    for (uint64_t i = 0; i < size; i++) body[i] ^= mask[i % 4];
    int kind = head[0] & 15; /* 8 close, 9 ping, 10 pong */
    if (kind == 10) continue;
    unsigned char first = kind == 9 ? (unsigned char)((head[0] & 0xf0) | 10) : head[0];
    if (!give_frame(fd, first, body, size) || kind == 8) return;
  }
}
