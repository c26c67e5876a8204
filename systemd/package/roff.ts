// Manual pages from Markdown as this project writes it: headings, paragraphs, lists, tables, code. Nothing else is known here.
// Never reads a file.

/** Names a manual page. */
export interface PageTitle {
  /** For example `docket.toml`. */
  readonly name: string;
  readonly section: number;
  /** `2026-11-21`. */
  readonly date: string;
  readonly version: string;
}

/** The first lines of a page. */
export function formatTitle({ name, section, date, version }: PageTitle): string {
  return `.\\" Made when the package was built; do not change by hand.\n.TH "${name}" ${section} "${date}" "docket ${version}" "docket"\n.nr HY 0\n.ad l\n`;
}

/** Text as roff shows it, with `code`, **bold** and [links](to) of Markdown. */
export function formatText(markdown: string): string {
  const plain = markdown
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/`([^`]+)`|\*\*([^*]+)\*\*/g, (_, code: string | undefined, bold: string | undefined) => {
      return `\\fB${code ?? bold ?? ''}\\fR`;
    });
  return plain.replaceAll(/^(?=[.'])/gm, '\\&');
}

/** A name and what it means, indented below it. */
export function formatEntry(name: string, about: string): string {
  return `.TP\n${name}\n${about === '' ? '\\&' : about}\n`;
}

/** The body of a section of Markdown. */
export function formatMarkdown(markdown: string): string {
  const [, ...code] = markdown.split(/^```.*$/m);
  return markdown
    .split(/^```.*$/m)
    .map((part, at) => (at % 2 === 1 ? formatCode(part) : formatBlocks(part)))
    .join('')
    .concat(code.length % 2 === 1 ? unended() : '');
}

function unended(): never {
  throw new Error('a block of code has no end');
}

function formatCode(text: string): string {
  return `.PP\n.in +4n\n.EX\n${formatText(text.trim().replaceAll('`', '\\(ga'))}\n.EE\n.in\n`;
}

function formatBlocks(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map(formatBlock)
    .join('');
}

function formatBlock(block: string): string {
  if (block.startsWith('## ')) return `.SH ${block.slice(3).toUpperCase()}\n`;
  if (block.startsWith('### ')) return `.SS ${block.slice(4)}\n`;
  if (block.startsWith('|')) return formatTable(block);
  if (/^(-|\d+\.) /.test(block))
    return block
      .split(/\n(?=(?:-|\d+\.) )/)
      .map((item) => `.IP \\(bu 2\n${formatText(item.replace(/^(-|\d+\.) /, '').replaceAll(/\n */g, '\n'))}\n`)
      .join('');
  return `.PP\n${formatText(block)}\n`;
}

/** Two columns are a name and its meaning; of three the middle one is the default. */
function formatTable(table: string): string {
  const rows = table.split('\n').map((row) =>
    row
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
  return rows
    .slice(2)
    .map(([name = '', ...rest]) => {
      const about = rest.at(-1) ?? '';
      const value = rest.length === 2 ? `Default: ${rest[0]}.` : '';
      return formatEntry(
        formatText(name),
        [about, value]
          .filter((each) => each !== '')
          .map(formatText)
          .join('\n.br\n'),
      );
    })
    .join('');
}
