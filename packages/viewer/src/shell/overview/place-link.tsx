import type { Place } from '@whetstone/analyze';
import { Link } from '../link.tsx';
import { PlaceText } from '../place-text.tsx';
import { useSession, type Session } from '../session.ts';

/** A place in a report as a link into the source view, where the profile knows the file. */
export function PlaceLink({ place }: { readonly place: Place }) {
  const session = useSession();
  const text = `${place.file}${place.line > 0 ? `:${place.line}` : ''}`;
  const file = fileNamed(session, place.file);
  if (file < 0) return <span class="place">{text}</span>;
  return (
    <Link class="place" to={{ view: 'source', file, line: place.line }}>
      <PlaceText text={text} />
    </Link>
  );
}

/** String of a file that a report names: relative to the working directory, or in full. */
function fileNamed({ opened }: Session, file: string): number {
  const full = `${opened.about.workingDirectory.replace(/[\\/]$/, '')}/${file}`;
  const at = opened.strings.indexOf(full);
  return at >= 0 ? at : file === '' ? -1 : opened.strings.indexOf(file);
}
