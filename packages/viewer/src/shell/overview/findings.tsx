import type { Finding } from '@whetstone/analyze';
import { formatPercent } from '@whetstone/profile';
import { Prose } from '../prose.tsx';
import { useSession } from '../session.ts';
import { PlaceLink } from './place-link.tsx';

/** Why the program is slow, and what to try; only the first finding is open unless all are. */
export function Findings({ open }: { readonly open: boolean }) {
  const { report } = useSession().opened;
  if (report.findings.length === 0) return null;
  return (
    <section>
      <h2>Why, and what to try</h2>
      {report.findings.map((finding, i) => (
        <FindingRow key={`${finding.id} ${i}`} finding={finding} open={open || i === 0} />
      ))}
    </section>
  );
}

function FindingRow({ finding, open }: { readonly finding: Finding; readonly open: boolean }) {
  return (
    <details class="finding" open={open}>
      <summary>
        <span class="finding-title">{finding.title}</span>
        <span class="muted finding-facts">
          {finding.confidence}
          {finding.gainAtMost !== null && ` · gain at most ${formatPercent(finding.gainAtMost)}`}
        </span>
      </summary>
      <Prose text={finding.text} />
      {finding.suggestions.length > 0 && (
        <ul class="try">
          {finding.suggestions.map((suggestion) => (
            <li key={suggestion}>
              <Prose text={suggestion} inline />
            </li>
          ))}
        </ul>
      )}
      {finding.where !== null && <PlaceLink place={finding.where} />}
    </details>
  );
}
