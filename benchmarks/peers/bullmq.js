// BullMQ, 100 jobs at once, completed jobs removed.
'use strict';

const { Queue, Worker } = require('bullmq');
const { connection, handle, NOOP } = require('./handlers');

const NAME = 'peer';
let opened;
const queue = () => {
  opened ||= new Queue(NAME, { connection, defaultJobOptions: { removeOnComplete: true } });
  return opened;
};

module.exports = {
  noop: () => queue().add('noop', NOOP),
  bulk: (count) => queue().addBulk(Array.from({ length: count }, () => ({ name: 'noop', data: NOOP }))),
  mark: (port, what) => queue().add('mark', { port, what }),
  hang: (port, what) => queue().add('hang', { port, what, hangs: true }),
  close: () => opened && opened.close(),
  work: () => new Worker(NAME, (job) => handle(job.data), { connection, concurrency: 100 }),
};
