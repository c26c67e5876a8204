// lint: typescript(switch-exhaustiveness-check)
/** One kind is forgotten. */
export function describe(kind: 'footage' | 'photo'): string {
  let text = '';
  switch (kind) {
    case 'footage':
      text = 'footage';
      break;
  }
  return text;
}
