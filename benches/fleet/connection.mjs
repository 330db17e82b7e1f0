// One kept connection that asks and counts: a client cheap enough not to be what is measured.
// Knows nothing of npm; of HTTP it understands what registries answer, and says when they answer anything else.

import net from 'node:net';

/** Read buffer; a socket that brings its own makes no garbage per read. */
const READ_BYTES = 128 * 1024;

/** No head of an answer is so long. */
const HEAD_LIMIT = 16 * 1024;

/** An answer that stands still for so long is an error. */
const STALL_MS = 60_000;

/** Asks one request after another of a server on loopback, over one connection, made anew when it is gone. */
export class Connection {
  #port;
  #socket;
  #asked;
  /** What came of a head that is not complete yet. */
  #head = '';

  constructor(port) {
    this.#port = port;
  }

  /**
   * Sends the text of a request's head and reads the answer to its end. Resolves with
   * `{ status, headers, bytes, firstByte, end }`, the times as `performance.now()` has them; rejects
   * if the connection breaks. `sink(bytes)` gets each piece of the body, valid during the call only.
   */
  ask(text, sink) {
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject, sink, answer: undefined, left: 0 };
      this.#connect();
      this.#socket.write(text);
    });
  }

  /** Breaks the connection off; what was asked is rejected as `aborted`. */
  abort() {
    this.#fail(new Error('aborted'));
    this.#socket?.destroy();
  }

  close() {
    this.#socket?.destroy();
  }

  #connect() {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable) return;
    this.#head = '';
    const callback = (length, buffer) => {
      if (this.#socket === socket) this.#read(buffer.subarray(0, length));
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(READ_BYTES), callback };
    const socket = net.connect({ port: this.#port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket = socket;
    socket.setTimeout(STALL_MS, () => socket.destroy(new Error(`nothing came for ${STALL_MS} ms`)));
    // One that was replaced has nothing more to say.
    const over = (error) => this.#socket === socket && this.#fail(error);
    socket.on('error', over);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => over(new Error('closed before the answer was complete')));
  }

  #fail(error) {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.reject(error);
  }

  #read(bytes) {
    if (!this.#asked) return this.#socket.destroy();
    try {
      if (this.#asked.answer) return this.#body(bytes);
      return this.#readHead(bytes);
    } catch (error) {
      // What was read cannot be understood, so nor can what follows.
      return this.#socket.destroy(error);
    }
  }

  #readHead(bytes) {
    const asked = this.#asked;
    asked.firstByte ??= performance.now();
    const before = this.#head.length;
    const text = this.#head + bytes.toString('latin1', 0, HEAD_LIMIT);
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) {
      if (text.length >= HEAD_LIMIT) throw new Error(`a head of more than ${HEAD_LIMIT} bytes`);
      this.#head = text;
      return;
    }
    this.#head = '';
    const answer = parseHead(text.slice(0, end));
    asked.answer = { ...answer, bytes: 0, firstByte: asked.firstByte };
    asked.left = bodyLength(answer);
    this.#body(bytes.subarray(end + 4 - before));
  }

  #body(bytes) {
    const asked = this.#asked;
    if (bytes.length > asked.left) throw new Error(`${bytes.length - asked.left} bytes more than content-length said`);
    asked.left -= bytes.length;
    asked.answer.bytes += bytes.length;
    if (bytes.length > 0) asked.sink?.(bytes);
    // The sink may have aborted it.
    if (asked.left > 0 || this.#asked !== asked) return;
    this.#asked = undefined;
    asked.answer.end = performance.now();
    if (/\bclose\b/i.test(asked.answer.headers.connection ?? '')) this.#socket.destroy();
    asked.resolve(asked.answer);
  }
}

/** Status and headers (names in lower case) of the head of an answer. */
export function parseHead(text) {
  const [line, ...lines] = text.split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
  if (!status) throw new Error(`not an answer: ${line.slice(0, 80)}`);
  const headers = {};
  for (const each of lines) {
    const colon = each.indexOf(':');
    headers[each.slice(0, colon).toLowerCase()] = each.slice(colon + 1).trim();
  }
  return { status, headers };
}

/** How long the body is. A registry that does not say so is refused: pnpm allocates by that length. */
function bodyLength({ status, headers }) {
  if (status === 304 || status === 204) return 0;
  const length = headers['content-length'];
  if (length === undefined) throw new Error(`an answer (${status}) without content-length`);
  return Number(length);
}
