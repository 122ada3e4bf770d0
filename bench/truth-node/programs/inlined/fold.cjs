'use strict';
exports.folded = function folded(s) {
  let r = s;
  for (let k = 0; k < 5; k++) {
    r = (r ^ (r >>> 3)) + k;
    r |= 0;
  }
  return r;
};
