// The bash completion of docket, made from its commands. It needs bash only, asks no station, and starts nothing.
// Never offers a value it would have to look up on record.
import type { DescribedCommand, DescribedOption, Value } from './commands.ts';

/** The script, to be sourced by bash. */
export function formatCompletion(commands: readonly DescribedCommand[]): string {
  return `# bash completion of docket; made from its commands when the package was built.

# What may follow a command: commands below it, its options, what its arguments are.
_docket_command() {
  case $1 in
${commands.map(commandLine).join('\n')}
    *) return 1 ;;
  esac
}

# What the value of an option is; nothing for one that takes none.
_docket_option() {
  takes=
  case "$1|$2" in
${[...new Set(commands.flatMap(optionLines))].join('\n')}
  esac
}

_docket_offer() {
  local kind=\${1%%:*} words= IFS=$' \\t\\n'
  case $kind in
    file | folder)
      compopt -o filenames 2>/dev/null
      if [ "$kind" = file ]; then mapfile -t COMPREPLY < <(compgen -f -- "$2"); else mapfile -t COMPREPLY < <(compgen -d -- "$2"); fi
      ;;
    words)
      words=\${1#words:}
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
      ;;
  esac
}

_docket() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= takes= below= options= operand= each at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    each=\${COMP_WORDS[at]}
    # bash takes --name=value apart into three words.
    if [ -n "$takes" ]; then
      [ "$each" = = ] || takes=
    elif [[ $each == -* ]]; then
      _docket_option "$command" "$each"
    elif _docket_command "$command\${command:+ }$each"; then
      command+=\${command:+ }$each
    fi
  done
  [ "$word" != = ] || word=
  _docket_command "$command"
  if [ -n "$takes" ]; then
    _docket_offer "$takes" "$word"
  elif [[ $word == -* ]]; then
    _docket_offer "words:$options" "$word"
  elif [ -n "$below" ]; then
    _docket_offer "words:$below" "$word"
  else
    _docket_offer "$operand" "$word"
  fi
}
complete -F _docket docket
`;
}

function commandLine({ path, commands, options, operand }: DescribedCommand): string {
  const names = options.flatMap((option) => option.names).join(' ');
  return `    '${path.join(' ')}') below='${commands.join(' ')}' options='${names}' operand='${formatValue(operand)}' ;;`;
}

function optionLines({ path, options }: DescribedCommand): readonly string[] {
  const withValue = options.filter(
    (option): option is DescribedOption & { value: Value } => option.value !== undefined,
  );
  return withValue.map(({ names, value }) => {
    const patterns = names.map((name) => `'${path.join(' ')}|${name}'`).join(' | ');
    return `    ${patterns}) takes='${formatValue(value)}' ;;`;
  });
}

function formatValue(value: Value | undefined): string {
  if (value === undefined) return '';
  return value.kind === 'words' ? `words:${value.words.join(' ')}` : value.kind;
}
