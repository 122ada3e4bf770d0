/**
 * A path that loses its middle where there is no room: the folders are cut, the file and the line stay.
 */
export function PlaceText({ text }: { readonly text: string }) {
  const at = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1;
  return (
    <span class="place-text">
      <span>{text.slice(0, at)}</span>
      <span>{text.slice(at)}</span>
    </span>
  );
}
