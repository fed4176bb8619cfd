// What the handlers of the peers on Node do.
'use strict';

const dgram = require('node:dgram');

const url = new URL(process.env.BENCH_URL || 'redis://127.0.0.1:6379');
const socket = dgram.createSocket('udp4').unref();

// Monotonic nanoseconds lose their last digits as a number; what is left is finer than a microsecond.
function mark({ port, what }) {
  const at = Number(process.hrtime.bigint());
  socket.send(JSON.stringify({ what, at }), port, '127.0.0.1');
}

async function handle(data) {
  if (data.port === undefined) return;
  mark(data);
  if (data.hangs) await new Promise(() => {});
}

module.exports = {
  connection: { host: url.hostname, port: Number(url.port) },
  handle,
  NOOP: { n: 123456, text: 'abcdefghijklmnopqrstuvwxyz01' },
};
