const rows = document.querySelector('tbody');
const state = document.querySelector('#state');
const message = document.querySelector('#message');
const drop = document.querySelector('label');
const input = document.querySelector('input');

// The list comes by server-sent events, from whichever worker has this connection.
const events = new EventSource('/api/events');
events.addEventListener('list', ({ data }) => show(JSON.parse(data)));
events.addEventListener('error', () => (state.textContent = 'connecting again …'));

function show(files) {
  state.textContent = files.length === 1 ? '1 file' : `${files.length} files`;
  rows.replaceChildren(...files.map(row));
}

function row({ name, bytes, since, path }) {
  const link = Object.assign(document.createElement('a'), { href: path, textContent: name, download: name });
  const away = Object.assign(document.createElement('button'), { textContent: 'take away' });
  away.ariaLabel = `take ${name} away`;
  away.addEventListener('click', () => ask(`/api/files/${encodeURIComponent(name)}`, { method: 'DELETE' }));
  const cells = [link, size(bytes), new Date(since).toLocaleString(), away];
  const made = document.createElement('tr');
  for (const content of cells) made.insertCell().append(content);
  return made;
}

function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(bytes || 1) / 10));
  const value = bytes / 1024 ** unit;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

async function put(files) {
  for (const file of files) {
    message.textContent = `${file.name} is on its way …`;
    const form = new FormData();
    form.append('file', file);
    if (!(await ask('/api/files', { method: 'POST', body: form }))) return;
  }
}

async function ask(address, how) {
  try {
    const answer = await fetch(address, how);
    message.textContent = answer.ok ? '' : await reason(answer);
    return answer.ok;
  } catch (error) {
    message.textContent = `The server was not reached: ${error.message}`;
    return false;
  }
}

async function reason(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}

input.addEventListener('change', async () => {
  await put([...input.files]);
  input.value = '';
});
for (const [name, over] of [
  ['dragover', true],
  ['dragleave', false],
  ['drop', false],
])
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', over);
    if (name === 'drop') void put([...event.dataTransfer.files]);
  });
