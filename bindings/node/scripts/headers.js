// SPDX-License-Identifier: MIT
'use strict';
// Where node-gyp finds Node's headers without fetching them: beside the running binary, as installers, distributions and the npm package `node` put them.
const fs = require('fs');
const path = require('path');

const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
const there = fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h'));

/** Options for node-gyp: none when it has to fetch the headers, or was told already where they are. */
module.exports = there && !process.env.npm_config_nodedir ? [`--nodedir=${prefix}`] : [];

if (require.main === module) console.log(...module.exports);
