# cunhuo.bash - completion of cunhuo's command line; bash reads it from
# /usr/share/bash-completion/completions/cunhuo, or: source tools/cunhuo.bash
_cunhuo()
{
    local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} options=
    local verbs='serve init demo backup restore check doctor road route routes tables permissions
        figures bus --help --version'
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
    serve) options='--port --address --loops --pages --secure' ;;
    init) options='--name --import --roads --database --clock' ;;
    demo) options='--folder --fast --extract --port --seed' ;;
    backup) options='--try --json' ;;
    restore|doctor) options='--json' ;;
    road) options='build matrix route nearest places info --output --points --from --to --at
        --profile --within --datum --json --csv --close-way --close-nodes --slow-way' ;;
    route) options='solve check --format --time --iterations --round --seed --threads --start
        --output --progress' ;;
    bus) options='papers' ;;
    esac
    case $last in
    --profile) mapfile -t COMPREPLY < <(compgen -W 'car minivan truck tricycle' -- "$word") ;;
    --datum) mapfile -t COMPREPLY < <(compgen -W 'wgs84 gcj02 bd09' -- "$word") ;;
    --port|--address|--loops|--name|--database|--clock|--seed|--time) ;;
    *)  mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word"
                                 compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _cunhuo cunhuo
