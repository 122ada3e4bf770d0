'use strict';
// Whether we are compiling just now: what starts then is ours, and no wait of the program's.
exports.state = { compiling: false };
