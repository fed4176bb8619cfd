// bee-queue, 100 jobs at once, completed jobs removed, no events.
'use strict';

const Queue = require('bee-queue');
const { connection, handle, NOOP } = require('./handlers');

let opened;
const queue = (isWorker = false) => {
  opened ||= new Queue('peer', {
    redis: connection, isWorker, getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true,
  });
  return opened;
};

module.exports = {
  noop: () => queue().createJob(NOOP).save(),
  bulk: (count) => queue().saveAll(Array.from({ length: count }, () => queue().createJob(NOOP))),
  mark: (port, what) => queue().createJob({ port, what }).save(),
  hang: (port, what) => queue().createJob({ port, what, hangs: true }).save(),
  close: () => opened && opened.close(),
  work: () => {
    queue(true).process(100, (job) => handle(job.data));
    queue().checkStalledJobs(5000);
  },
};
