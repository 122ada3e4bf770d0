import { useEffect, useRef } from 'preact/hooks';

const groups: readonly (readonly [title: string, keys: readonly (readonly [string, string])[]])[] = [
  [
    'Everywhere',
    [
      ['1 … 5', 'Overview, icicle, sunburst, table, source'],
      ['/', 'Search; /…/ is a regular expression'],
      ['Esc', 'Take back: search, selection, zoom, time range'],
      ['w', 'Show or leave out waiting'],
      ['c', 'Colour by what time was spent on, where the runtime tells'],
      ['[ ]', 'Previous or next thread'],
      ['t', 'Light or dark'],
      ['Alt ←', 'Back'],
    ],
  ],
  [
    'Icicle and sunburst',
    [
      ['↑ ↓ ← →', 'Select caller, largest callee, neighbours · click'],
      ['Enter', 'Zoom to the selection · double-click'],
      ['Backspace', 'Zoom out to the caller'],
      ['Home', 'The whole'],
      ['+ −', 'Zoom · wheel'],
      ['Shift ← →', 'Move sideways · drag'],
      ['Shift ↑ ↓', 'Move up or down · drag, Shift wheel'],
    ],
  ],
  [
    'Table and source',
    [
      ['↑ ↓', 'Select a function'],
      ['Enter', 'Show its source · double-click'],
      ['h', 'Next hot line'],
    ],
  ],
  [
    'Time strip',
    [
      ['← →', 'Set and move the range · drag'],
      ['Shift ← →', 'Move its end'],
      ['Esc', 'The whole run · click'],
    ],
  ],
];

/** All keys, with the mouse's way beside them. */
export function KeysDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      class="keys"
      aria-labelledby="keys-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      onKeyDown={(event) => event.key === '?' && onClose()}
    >
      <div class="keys-inner">
        <div class="panel-head">
          <h2 id="keys-title">Keys</h2>
          <button type="button" class="plain" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </div>
        <div class="keys-groups">
          {groups.map(([title, keys]) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {keys.map(([key, meaning]) => (
                  <div key={key}>
                    <dt>
                      <kbd>{key}</kbd>
                    </dt>
                    <dd>{meaning}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </dialog>
  );
}
