// SPDX-License-Identifier: MIT
'use strict';
const { configure, choose } = require('./lib/addon.js');
const { GreenletError, GreenletExit } = require('./lib/errors.js');
const { Greenlet, getCurrent, getMain, trace } = require('./lib/greenlet.js');
const { GreenletLocal } = require('./lib/local.js');

module.exports = {
  Greenlet,
  getCurrent,
  getMain,
  trace,
  GreenletExit,
  GreenletError,
  GreenletLocal,
  configure,
  /** "fiber", "thread" or "generator": what carries greenlets in this thread, or will. */
  get carrier() {
    return choose();
  },
};
