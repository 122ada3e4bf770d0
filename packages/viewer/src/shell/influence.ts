import { formatRatio, type ProfileAbout } from '@whetstone/profile';

/** What the measuring cost, in words; `null` where it is not known. */
export function influenceTexts(
  about: ProfileAbout,
): { readonly short: string; readonly long: string } | null {
  const { value, low, high, kind } = about.influence;
  if (about.warnings.some(({ code }) => code === 'influence-unknown') || value <= 0) return null;
  if (kind === 'measured') {
    return {
      short: `measured at ${formatRatio(value)}`,
      long: `${formatRatio(value)}, measured: ${formatRatio(low)} to ${formatRatio(high)}`,
    };
  }
  return {
    short: `measured at about ${formatRatio(value)}`,
    long: `about ${formatRatio(value)}, estimated; whetstone run --check-influence measures it`,
  };
}
