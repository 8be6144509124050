// SPDX-License-Identifier: MIT
'use strict';
// Where node-gyp finds Node's headers without fetching them: beside the running binary, as installers, distributions and the npm package `node` put them.
const fs = require('fs');
const path = require('path');

const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));

/** For npm_config_nodedir; empty when node-gyp has to fetch them. */
module.exports = process.env.npm_config_nodedir || (fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? prefix : '');

if (require.main === module) console.log(module.exports);
