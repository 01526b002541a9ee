/* WebSockets (RFC 6455) for the test app: the handshake's answer, and an echo of every frame. */
#pragma once

/* Writes the value of Sec-WebSocket-Accept for a key; `out` takes 29 bytes. */
void websocket_accept(const char *key, char out[29]);

/* Echoes frames until either side closes. `left` are bytes that came behind the handshake. */
void websocket_echo(int fd, const unsigned char *left, int length);

/* Tells the client that the server goes away (1001). */
void websocket_going_away(int fd);
