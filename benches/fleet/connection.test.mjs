// The client of the replays: what it reads, and what it refuses.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';

import { Connection, parseHead } from './connection.mjs';

/** A server that writes one of `answers` (a list of pieces) for each request it gets. */
async function answering(answers) {
  let connections = 0;
  const sockets = new Set();
  const waiting = [...answers];
  const server = net.createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', async () => {
      for (const piece of waiting.shift() ?? ['']) {
        socket.write(piece);
        // The next piece is a read of its own.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (waiting.length === 0 || waiting[0][0] === '') socket.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = () => {
    sockets.forEach((each) => each.destroy());
    server.close();
  };
  return { port: server.address().port, connections: () => connections, stop };
}

async function asking(answers, body) {
  const server = await answering(answers);
  const connection = new Connection(server.port);
  try {
    return await body(connection, server);
  } finally {
    connection.close();
    server.stop();
  }
}

const REQUEST = 'GET / HTTP/1.1\r\n\r\n';

test('a head is a status and headers', () => {
  assert.deepEqual(parseHead('HTTP/1.1 304 Not Modified\r\nETag: "a:b"\r\nVary:Accept'), { status: 304, headers: { etag: '"a:b"', vary: 'Accept' } });
  assert.throws(() => parseHead('SSH-2.0-x'), /not an answer/);
});

test('answers in any pieces, one after another over one connection', async () => {
  const answers = [
    ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'],
    ['HTTP/1.1 200 OK\r\ncontent-le', 'ngth: 5\r\n\r', '\nhe', 'llo'],
    ['HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ];
  await asking(answers, async (connection, server) => {
    for (const [status, body] of [[200, 'hello'], [200, 'hello'], [304, ''], [200, '']]) {
      let got = '';
      const answer = await connection.ask(REQUEST, (bytes) => { got += bytes.toString(); });
      assert.deepEqual([answer.status, answer.bytes, got], [status, body.length, body]);
      assert.ok(answer.firstByte <= answer.end);
    }
    assert.equal(server.connections(), 1);
  });
});

test('an answer that is cut, too long, or without a length is an error', async () => {
  const wrong = {
    'closed before': 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello',
    '2 bytes more': 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhello',
    'without content-length': 'HTTP/1.1 200 OK\r\n\r\nhello',
    'not an answer': 'hello\r\n\r\n',
  };
  for (const [why, text] of Object.entries(wrong)) {
    await asking([[text]], (connection) => assert.rejects(connection.ask(REQUEST), new RegExp(why)));
  }
});

test('after an error, an abort or a close it connects again', async () => {
  const whole = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
  const answers = [['HTTP/1.1 200 OK\r\n\r\n'], [whole], ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'], [whole], [whole]];
  await asking(answers, async (connection, server) => {
    await assert.rejects(connection.ask(REQUEST));
    await assert.rejects(connection.ask(REQUEST, () => connection.abort()), /aborted/);
    assert.equal((await connection.ask(REQUEST)).bytes, 2);
    assert.equal((await connection.ask(REQUEST)).bytes, 5);
    assert.equal(server.connections(), 4);
  });
});
