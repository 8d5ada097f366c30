# bash completion for posthorn(1); installed as
# /usr/share/bash-completion/completions/posthorn

# What may follow the command words in $1.
_posthorn_words() {
  local account="--password-file"
  case $1 in
    "") echo "--config --data-dir --set --version --help init serve demo account alias team queue import export
              mailbox undelete index backup restore status who kick trace check salvage doctor dns mta config version" ;;
    init) echo "--account --password-file --hostname --high-ports --help" ;;
    serve) echo "--ready-file --accept-loss --help" ;;
    demo) echo "--dir --engine --imap --imaps --pop3 --pop3s --submission --submissions --lmtp
                --lmtp-socket --auth-socket --user-socket --map-socket --policy-socket --https --http --metrics --any-user --without --empty --ready-file --quiet --help" ;;
    account) echo "add import list passwd set app-password act-as capabilities remove undelete disable enable hold unhold forget send-as sent-copy --help" ;;
    "account import") echo "--format --domain --scheme --update --dry-run --help" ;;
    "account set") echo "--main-password --help" ;;
    "account app-password" | "account act-as") echo "add remove list --help" ;;
    "account app-password add") echo "--protocol --from --expires --help" ;;
    "account app-password list") echo "--json --help" ;;
    "account act-as add") echo "--expires --help" ;;
    "account add") echo "$account --no-password --max-size --max-messages --help" ;;
    "account list") echo "--json --removed --help" ;;
    "alias list") echo "--json --help" ;;
    "account passwd") echo "$account --internal --help" ;;
    "account remove") echo "--yes --help" ;;
    "account send-as") echo "add remove list --help" ;;
    "account hold") echo "--reason --help" ;;
    "account sent-copy") echo "on off default --help" ;;
    "account capabilities") echo "--without --reset --app-password --json --help" ;;
    alias) echo "add list remove rotate-key --help" ;;
    "alias rotate-key") echo "--forget-old --help" ;;
    team) echo "add remove list show set member --help" ;;
    "team add") echo "--member --rights --sending --max-size --max-messages --help" ;;
    "team list" | "team show") echo "--json --help" ;;
    "team set") echo "--folder-mail --sent-copy --help" ;;
    "team remove") echo "--yes --help" ;;
    "team member") echo "add remove --help" ;;
    "team member add") echo "--rights --sending --help" ;;
    queue) echo "list show retry cancel --help" ;;
    "queue list") echo "--account --json --help" ;;
    "queue show") echo "--json --help" ;;
    "queue retry") echo "--all --help" ;;
    "queue cancel") echo "--recipient --report --help" ;;
    import) echo "--format --mailbox --under --record --keep-quoted-from --quiet --help" ;;
    export) echo "--format --mailbox --quiet --help" ;;
    mailbox) echo "list remove expire share unshare shares --help" ;;
    "mailbox share") echo "--rights --json --help" ;;
    "mailbox unshare" | "mailbox shares" | "mailbox expire") echo "--json --help" ;;
    "mailbox remove") echo "--yes --help" ;;
    index) echo "status rebuild --help" ;;
    "index status") echo "--json --help" ;;
    "index rebuild") echo "--all --no-wait --help" ;;
    undelete) echo "--since --mailbox --message-id --into --dry-run --json --help" ;;
    who) echo "--json --help" ;;
    trace) echo "--for --help" ;;
    backup) echo "list verify prune --rate --without-keys --json --help" ;;
    "backup list") echo "--json --help" ;;
    "backup verify") echo "--backup --all --checksums-only --scratch --help" ;;
    "backup prune") echo "--keep-last --keep-daily --keep-weekly --keep-monthly --dry-run --help" ;;
    restore) echo "--backup --account --mailbox --message-id --from --subject --since --before --as-of --scratch --dry-run --json --help" ;;
    status) echo "--max-backup-age --json --help" ;;
    check) echo "--deep --repair --json --help" ;;
    salvage) echo "--into --help" ;;
    doctor) echo "--dns-server --max-backup-age --postfix-config --json --help" ;;
    dns) echo "--json --help" ;;
    "mta postfix") echo "--check --postfix-config --help" ;;
    mta) echo "postfix exim chasquid --help" ;;
    config) echo "show check example --help" ;;
    *) echo "--help" ;;
  esac
}

# The keys of the configuration, as `posthorn config example` lists them.
_posthorn_keys() {
  posthorn config example 2>/dev/null | awk '
    /^\[/ { table = substr($0, 2, length($0) - 2) "." }
    /^#[a-z_]+ = / { print table substr($1, 2) "=" }'
}

_posthorn_accounts() {
  posthorn account list 2>/dev/null | awk '{ print $1 }'
}

_posthorn_queued() {
  posthorn queue list 2>/dev/null | awk '/^[^ ]/ { print $1 }'
}

_posthorn() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="" word i
  COMPREPLY=()
  case $previous in
    -c | --config | --password-file | --ready-file | --record | --*-socket)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --data-dir | --dir | --scratch | --into)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    --set)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -W "$(_posthorn_keys)" -- "$current")
      return
      ;;
    --account)
      mapfile -t COMPREPLY < <(compgen -W "$(_posthorn_accounts)" -- "$current")
      return
      ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W "maildir mbox" -- "$current")
      return
      ;;
    --engine)
      mapfile -t COMPREPLY < <(compgen -W "memory rocksdb" -- "$current")
      return
      ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      -c | --config | --data-dir | --set) ((i++)) ;;
      -*) ;;
      init | serve | demo | account | alias | team | queue | import | export | mailbox | undelete | index | backup | restore | status | who | kick | trace | check | salvage | doctor | dns | mta | config | version)
        if [[ -z $commands ]]; then
          commands=$word
        elif [[ $commands == account && $word == import ]]; then
          commands+=" $word"
        fi
        ;;
      set | app-password | act-as | capabilities)
        [[ $commands == account || ($commands == team && $word == set) ]] && commands+=" $word"
        ;;
      member)
        [[ $commands == team ]] && commands+=" $word"
        ;;
      postfix | exim | chasquid)
        [[ $commands == mta ]] && commands+=" $word"
        ;;
      add | list | passwd | remove | rotate-key | disable | enable | hold | unhold | forget | show | example | retry | cancel | verify | prune | share | unshare | shares | expire)
        [[ $commands == backup || $commands == account || $commands == "account app-password" ||
          $commands == "account act-as" || $commands == alias || $commands == team ||
          $commands == "team member" || $commands == config ||
          $commands == queue || $commands == mailbox ]] && commands+=" $word"
        ;;
    esac
  done
  [[ $commands == config && " ${COMP_WORDS[*]:1:COMP_CWORD-1} " == *" config check "* ]] &&
    commands="config check"
  if [[ $current != -* ]]; then
    case $commands in
      backup | backup\ * | restore)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        [[ $commands == backup ]] &&
          mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "list verify prune" -- "$current")
        return
        ;;
      "queue show" | "queue retry" | "queue cancel")
        mapfile -t COMPREPLY < <(compgen -W "$(_posthorn_queued)" -- "$current")
        return
        ;;
      "account import")
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
      "account passwd" | "account remove" | "account disable" | "account enable" | "account hold" | "account unhold" | "account forget" | "account set" | \
        "account capabilities" | "account app-password "* | "account act-as "* | \
        "team "* | who | kick | trace | import | export)
        mapfile -t COMPREPLY < <(compgen -W "$(_posthorn_accounts)" -- "$current")
        [[ $commands == import || $commands == export ]] &&
          mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_posthorn_words "$commands")" -- "$current")
}

complete -F _posthorn posthorn
