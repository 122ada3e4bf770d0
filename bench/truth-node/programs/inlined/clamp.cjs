'use strict';
exports.clamped = (s, i) => {
  let r = s % 1000003;
  if (r < 0) r = -r;
  return (r + i) | 0;
};
