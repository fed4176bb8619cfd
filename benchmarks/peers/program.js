// The program of a peer on Node, with the commands of program.py: `node program.js NAME COMMAND ...`.
// Each peer's file exports hasBulk, noop(), bulk(count), mark(port, what), hang(port, what), work() and close().
'use strict';

const dgram = require('node:dgram');
const path = require('node:path');

const BULK = 1000;
const [name, command, ...given] = process.argv.slice(2);
const peer = require(path.join(__dirname, `${name}.js`));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;

async function fill(count, port) {
  await peer.mark(port, 'first');
  for (let left = count; left > 0; left -= BULK) await peer.bulk(Math.min(BULK, left));
  await peer.mark(port, 'last');
  return {};
}

async function submit(count) {
  await peer.noop();
  const begin = process.hrtime.bigint();
  for (let each = 0; each < count; each += 1) await peer.noop();
  return { per_second: count / seconds(begin) };
}

async function bulk(count) {
  const calls = Math.max(1, Math.floor(count / BULK));
  const begin = process.hrtime.bigint();
  for (let each = 0; each < calls; each += 1) await peer.bulk(BULK);
  return { per_second: (calls * BULK) / seconds(begin) };
}

async function latency(count) {
  const socket = dgram.createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const waits = [];
  for (let number = -3; number < count; number += 1) {
    await pause(5);
    const marked = new Promise((resolve) => socket.once('message', resolve));
    const begin = process.hrtime.bigint();
    await peer.mark(socket.address().port, String(number));
    const mark = JSON.parse(await marked);
    if (number >= 0) waits.push((mark.at - Number(begin)) / 1e6);
  }
  socket.close();
  waits.sort((a, b) => a - b);
  const at = (percent) => waits[Math.min(waits.length - 1, Math.floor((waits.length * percent) / 100))];
  return { p50: at(50), p99: at(99) };
}

async function main() {
  const [first, second] = given;
  switch (command) {
    case 'fill': return fill(Number(first), Number(second));
    case 'submit': return submit(Number(first));
    case 'bulk': return bulk(Number(first));
    case 'latency': return latency(Number(first));
    case 'mark': await peer.mark(Number(first), second); return {};
    case 'hang': await peer.hang(Number(first), second); return {};
    default: throw new Error(`there is no command ${command}`);
  }
}

if (command === 'work') peer.work();
else main().then(async (figures) => { console.log(JSON.stringify(figures)); await peer.close(); process.exit(0); });
