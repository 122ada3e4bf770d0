/** Who brings a parcel. Each prints labels of its own. */
export const carriers = [
  'air',
  'barge',
  'bike',
  'bus',
  'cart',
  'drone',
  'ferry',
  'rail',
  'road',
  'ship',
  'tram',
  'walk',
] as const;
export type Carrier = (typeof carriers)[number];
