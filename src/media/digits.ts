// Times written on pictures, drawn stroke by stroke: a station may have no font at all, and a contact sheet needs ten digits.
// Never draws anything else.

/** Height and advance of a digit on its grid; strokes are centred on the paths. */
const HEIGHT = 16;
const ADVANCE: Readonly<Record<string, number>> = { ':': 6, '.': 6 };
const DIGIT_ADVANCE = 14;
/** Between the strokes and the edge of the pill. */
const PAD_X = 9;
const PAD_Y = 7;

const STROKES: Readonly<Record<string, string>> = {
  '0': 'M5 1C2.2 1 1 4 1 8S2.2 15 5 15 9 12 9 8 7.8 1 5 1Z',
  '1': 'M2 4 5.5 1V15',
  '2': 'M1 4.8C1 2.4 2.8 1 5 1S9 2.4 9 4.8C9 8.2 1 11 1 15H9',
  '3': 'M1.2 3.4C1.9 1.8 3.3 1 5 1 7.3 1 8.8 2.4 8.8 4.4S7 7.7 4.4 7.7C7.2 7.7 9 9 9 11.3S7.3 15 5 15C3.2 15 1.7 14.2 1 12.6',
  '4': 'M7 15V1L1 11H9.4',
  '5': 'M8.5 1H2.2L1.6 7.4C2.5 6.6 3.7 6.2 5 6.2 7.4 6.2 9 8 9 10.5 9 13.2 7.3 15 4.8 15 3.1 15 1.7 14.2 1 12.7',
  '6': 'M8.2 2C7.4 1.3 6.4 1 5.4 1 2.6 1 1 4 1 9 1 12.8 2.6 15 5 15S9 13.3 9 10.8 7.4 6.8 5.2 6.8C3.2 6.8 1.6 8 1 10',
  '7': 'M1 1H9L4 15',
  '8': 'M5 7.6C3 7.6 1.6 6.3 1.6 4.3S3 1 5 1 8.4 2.3 8.4 4.3 7 7.6 5 7.6ZM5 7.6C2.6 7.6 1 9.2 1 11.3S2.6 15 5 15 9 13.4 9 11.3 7.4 7.6 5 7.6Z',
  '9': 'M1.8 14C2.6 14.7 3.6 15 4.6 15 7.4 15 9 12 9 7 9 3.2 7.4 1 5 1S1 2.7 1 5.2 2.6 9.2 4.8 9.2C6.8 9.2 8.4 8 9 6',
  ':': 'M1.5 4.5V4.6M1.5 12V12.1',
  '.': 'M1.5 14.6V14.7',
};

/** A picture to lay over another. */
export interface Label {
  readonly svg: Buffer;
  readonly widthPx: number;
}

/** A time on a dark pill, `heightPx` high in all. */
export function drawLabel(time: string, heightPx: number): Label {
  let at = 0;
  const strokes: string[] = [];
  for (const sign of time) {
    strokes.push(`<path transform="translate(${at} 0)" d="${STROKES[sign] ?? ''}"/>`);
    at += ADVANCE[sign] ?? DIGIT_ADVANCE;
  }
  const width = at - 4 + PAD_X * 2;
  const height = HEIGHT + PAD_Y * 2;
  const widthPx = Math.round((width * heightPx) / height);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${width} ${height}">` +
    `<rect width="${width}" height="${height}" rx="6" fill="#000" fill-opacity="0.66"/>` +
    `<g transform="translate(${PAD_X} ${PAD_Y})" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"` +
    ` stroke-linejoin="round">${strokes.join('')}</g></svg>`;
  return { svg: Buffer.from(svg), widthPx };
}

/** Time into a recording: `0:04.5` where tenths tell frames apart, `4:05`, `1:04:05`. */
export function formatOffset(seconds: number, tenths: boolean): string {
  const whole = tenths ? Math.floor(seconds * 10 + 1e-6) / 10 : Math.floor(seconds + 1e-6);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = (whole % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
