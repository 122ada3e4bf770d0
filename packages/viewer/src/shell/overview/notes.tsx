import { formatCount, formatTime } from '@whetstone/profile';
import type { ComponentChildren } from 'preact';
import { influenceTexts } from '../influence.ts';
import { useSession } from '../session.ts';

/** Circumstances that limit what the figures mean. */
export function Notes() {
  const { report, about } = useSession().opened;
  const { command, runtime, machine } = about;
  const influence = influenceTexts(about);
  return (
    <section>
      <h2>About these figures</h2>
      <dl class="facts">
        {command.length > 0 && (
          <Fact title="Command">
            <code>{command.join(' ')}</code>
          </Fact>
        )}
        {runtime.version !== '' && (
          <Fact title="Runtime">
            {runtime.name} {runtime.version}
          </Fact>
        )}
        {machine.cores > 0 && (
          <Fact title="Machine">
            {machine.processor}, {machine.cores} cores, {machine.system}
          </Fact>
        )}
        <Fact title="Samples">
          {formatCount(report.samples.taken)} taken, {formatCount(report.samples.rejected)} rejected,{' '}
          {runtime.name === 'node' ? 'at most' : 'about'} {formatTime(about.interval)} apart
        </Fact>
        {influence !== null && <Fact title="Slowdown">{influence.long}</Fact>}
      </dl>
      {report.warnings.map(({ code, message }) => (
        <p key={code + message} class="warning">
          {message}
        </p>
      ))}
    </section>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}
