// SPDX-License-Identifier: MIT
'use strict';
// Two functions take turns, each in the middle of a loop.
const { Greenlet } = require('libgreenlet');

const left = new Greenlet(() => {
  for (const word of ['one', 'three', 'five']) {
    console.log(word);
    right.switch();
  }
});

const right = new Greenlet(() => {
  for (const word of ['two', 'four', 'six']) {
    console.log(word);
    left.switch();
  }
});

left.switch();
