'use strict';
exports.mixed = function mixed(s, i) {
  let r = s;
  for (let k = 0; k < 10; k++) {
    r = (Math.imul(r, 31) + k + i) | 0;
  }
  return r;
};
