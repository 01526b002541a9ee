/**
 * The functions of /bin/sh that a host gets with the connection, so that a script is a few calls of them. They need what
 * BusyBox has and nothing more. Looking answers in fields that end with NUL, which no path holds; each change is whole
 * or not at all, and says by its exit code whether it was made. What a shell can do by itself is not left to a tool where
 * it happens often: to start one takes longer than all that it then does.
 */

/** Says which change failed; what its tool had to say is on standard error. */
export const failedExit = 9

const looking = `
d_kind() {
  d_x=
  if [ -L "$1" ]; then
    d_k=link; d_x=$(readlink "$1")
    if [ -d "$1" ]; then d_t=folder; elif [ -f "$1" ]; then d_t=file; elif [ -e "$1" ]; then d_t=other; else d_t=link; fi
    return
  fi
  if [ -d "$1" ]; then d_k=folder; elif [ -f "$1" ]; then d_k=file; elif [ -e "$1" ]; then d_k=other; else d_k=nothing; fi
  d_t=$d_k
}
d_see() { for d_f do d_kind "$d_f"; printf 'k\\000%s\\000%s\\000%s\\000%s\\000' "$d_f" "$d_k" "$d_t" "$d_x"; done; }
d_list() {
  for d_d do
    d_see "$d_d"
    [ "$d_t" = folder ] && [ -r "$d_d" ] && [ -x "$d_d" ] || continue
    printf 'l\\000%s\\000' "$d_d"
    for d_f in "$d_d"/* "$d_d"/.[!.]* "$d_d"/..?*; do
      d_kind "$d_f"
      [ "$d_k" = nothing ] || printf 'k\\000%s\\000%s\\000%s\\000%s\\000' "$d_f" "$d_k" "$d_t" "$d_x"
    done
    printf 'e\\000'
  done
}
d_text() {
  for d_f do
    [ -f "$d_f" ] || continue
    if [ -r "$d_f" ]; then printf 't\\000%s\\000' "$d_f"; tr -d '\\000' <"$d_f"; printf '\\000'
    else printf 'u\\000%s\\000' "$d_f"; fi
  done
}
d_small() {
  for d_f do
    [ -f "$d_f" ] || continue
    [ -r "$d_f" ] || { printf 'u\\000%s\\000' "$d_f"; continue; }
    printf 't\\000%s\\000' "$d_f"
    d_l=
    while IFS= read -r d_l; do printf '%s\\n' "$d_l"; done <"$d_f"
    printf '%s\\000' "$d_l"
  done
}
d_may() {
  if [ -w "$1" ] && [ -x "$1" ]; then d_x=yes
  elif [ ! -e "$1" ]; then d_x=nothing
  elif [ -w "$1" ] && [ -x "$1" ]; then d_x=yes
  elif (LC_ALL=C; : >"$1/.deployctl-probe") 2>&1 | grep -q 'ead-only'; then d_x=readOnly; else d_x=no; fi
  printf 'w\\000%s\\000%s\\000' "$1" "$d_x"
}
d_device() { printf 'v\\000%s\\000%s\\000' "$1" "$(stat -L -c %d "$1" 2>/dev/null)"; }
d_nearest() { d_p=$1; while [ ! -e "$d_p" ]; do d_p=\${d_p%/*}; [ -n "$d_p" ] || d_p=/; done; }
d_room() { d_nearest "$1"; printf 'r\\000%s\\000%s\\000%s\\000' "$1" "$(df -Pk "$d_p")" "$(df -Pi "$d_p" 2>/dev/null)"; }
d_fitness() {
  d_nearest "$1"; d_may "$d_p"; d_room "$1"; [ "$d_p" = "$1" ] || d_room "$d_p"
  for d_f in "$1/.deployctl" "$1/releases" "$1/shared"; do [ ! -d "$d_f" ] || d_may "$d_f"; done
  [ ! -d "$1/releases" ] || { d_device "$1"; d_device "$1/releases"; }
}
d_used() { printf 'b\\000%s\\000%s\\000' "$1" "$(du -sk "$1" 2>/dev/null)"; }
d_length() { printf 's\\000%s\\000%s\\000' "$1" "$(wc -c <"$1" 2>/dev/null)"; }
d_digest() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    d_x=$(cd "$1" && { find . -type f -exec sha256sum {} +; find . ! -type f -exec stat -c '%f %N' {} +; } | sort | sha256sum)
  else d_x=$(sha256sum <"$1"); fi
  printf 'h\\000%s\\000%s\\000' "$1" "\${d_x%% *}"
}
d_tree() {
  echo deployctl-seen
  (cd "$1" && find . ! -path . -type d -exec stat -c '%f %n' {} + && find . ! -type d -exec stat -c '%f %s %Y %Z %N' {} +)
}
d_compare() {
  [ -f "$2" ] || { printf 'c\\000%s\\000unknown\\000' "$1"; return; }
  if [ -f "$3" ] && grep -q '^deployctl-seen$' "$3" &&
    [ "$({ d_tree "$1"; cat "$3" "$3"; } 2>/dev/null | sort | uniq -c | grep -c '^ *2 ')" = 0 ]
  then printf 'c\\000%s\\000same\\000' "$1"; else printf 'c\\000%s\\000differs\\000' "$1"; fi
}
d_stat() {
  (cd "$1" || exit
  printf 'a\\000%s\\000' "$1"; find . ! -path . -print0; printf '\\000'
  find . ! -path . -exec stat -c '%f %s %Y' {} +; printf '\\000'
  find . -type l -exec sh -c 'for f; do printf "%s\\000%s\\000" "$f" "$(readlink "$f")"; done' sh {} +; printf '\\000')
}
d_survey() {
  d_p=$1
  while :; do
    d_see "$d_p"; [ "$d_p" != / ] || break
    d_p=\${d_p%/*}; [ -n "$d_p" ] || d_p=/
  done
  [ -d "$1" ] || return 0
  d_see "$1/current"
  d_list "$1/releases" "$1/shared" "$1/.deployctl"
  [ -d "$1/.deployctl" ] || return 0
  d_list "$1/.deployctl/records" "$1/.deployctl/manifests" "$1/.deployctl/incoming" "$1/.deployctl/trash" "$1/.deployctl/claim"
  d_small "$1/.deployctl"/made*.json "$1/.deployctl/records"/*.json "$1/.deployctl/claim"/*.json "$1/.deployctl/incoming"/*.shared.json
}`

const changing = `
d_fail() { printf '!\\000%s\\000' "$1"; exit ${failedExit}; }
d_sync() { sync "$@" 2>/dev/null || sync; }
d_tmp() { d_w=\${1%/*}/.\${1##*/}.$$.tmp; }
d_put() { d_tmp "$1"; (umask 077; cat >"$d_w") && d_sync "$d_w" && mv -fT "$d_w" "$1"; }
d_write() { d_tmp "$1"; (umask 077; printf %s "$2" >"$d_w") && d_sync "$d_w" && mv -fT "$d_w" "$1"; }
d_bytes() {
  d_b=$(($1 / 65536)); d_m=$(($1 % 65536))
  [ "$d_b" = 0 ] || dd bs=65536 count="$d_b" iflag=fullblock 2>/dev/null
  [ "$d_m" = 0 ] || dd bs="$d_m" count=1 iflag=fullblock 2>/dev/null
}
d_receive() {
  d_bytes "$1" | (umask 077; cat >>"$2") && [ "$(wc -c <"$2")" -eq "$3" ] || { echo 'not all of it arrived' >&2; return 1; }
}
d_file() { d_bytes "$1" | d_put "$2"; }
d_mkdir() { [ -d "$1" ] || mkdir \${2:+-m "$2"} "$1" || [ -d "$1" ]; }
d_link() { [ ! -e "$2" ] && [ ! -L "$2" ] || { echo "$2: File exists" >&2; return 1; }; ln -s -- "$1" "$2"; }
d_move() { mv -fT "$1" "$2"; }
d_movein() {
  [ "$(stat -c %d "$1")" = "$(stat -c %d "\${2%/*}")" ] || { echo other-disk >&2; return 1; }
  mv -fT "$1" "$2"
}
d_give() { chown -h "$2" "$1"; }
d_givetree() { chown -hR "$2" "$1"; }
d_mask() { chmod -R "$2" "$1"; }
d_alike() {
  [ -d "$2" ] || mkdir -p "$2"
  d_x=$(stat -c %u:%g "$1"); [ "$d_x" = "$(stat -c %u:%g "$2")" ] || chown "$d_x" "$2" || return
  chmod "$(stat -c %a "$1")" "$2"
}
d_remove() { rm -rf "$1"; }
d_matching() { for d_f in "$1/$2"*"$3"; do { [ ! -e "$d_f" ] && [ ! -L "$d_f" ]; } || rm -rf "$d_f" || return; done; }
d_rmdir() { [ ! -d "$1" ] || rmdir "$1" 2>/dev/null || :; }
d_purge() {
  rm -rf "$1" 2>/dev/null || { find "$1" -type d -exec chmod u+rwx {} \\; 2>/dev/null; rm -rf "$1"; }
}
d_bury() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  d_g=$2/\${1##*/}
  mkdir -p "$2" && d_purge "$d_g" && mv -fT "$1" "$d_g" && d_purge "$d_g" && { rmdir "$2" 2>/dev/null || :; }
}
d_up() { d_o=$d_p; d_p=\${d_p%/*}; [ -n "$d_p" ] || d_p=/; d_r=\${d_r:+$d_r/}..; }
d_missing() {
  d_y=$1/.deployctl; d_o=$d_y; d_p=$1; d_r=; d_m='".deployctl"'
  while [ ! -e "$d_p" ] && [ ! -L "$d_p" ]; do d_m="$d_m,\\"$d_r\\""; d_up; done
}
d_drafts() {
  for d_f in "\${1%/}/.$2.deployctl-new-"*; do
    [ -e "$d_f" ] || continue
    mv -fT "$d_f" "$d_f.$$" 2>/dev/null && rm -rf "$d_f.$$"
  done
  :
}
d_holds() {
  d_k=nothing
  for d_f in "\${1%/}"/* "\${1%/}"/.[!.]* "\${1%/}"/..?*; do
    case \${d_f##*/} in
      "$2" | ".$2.deployctl-new-"*) if [ -e "$d_f" ]; then d_k=ours; return; fi ;;
      *) if [ -e "$d_f" ] || [ -L "$d_f" ]; then d_k=others; fi ;;
    esac
  done
}
d_place() {
  d_n=0; d_e=
  while [ ! -d "$1/.deployctl" ]; do
    d_n=$((d_n + 1)); [ "$d_n" -le 100 ] || { printf '%s\\n' "$d_e" >&2; return 1; }
    d_missing "$1"
    for d_f in releases shared; do [ -e "$1/$d_f" ] || [ -L "$1/$d_f" ] || d_m="$d_m,\\"$d_f\\""; done
    d_q=\${d_p%/}/.\${d_o##*/}.deployctl-new-$$-$d_n; d_z=$d_q\${d_y#"$d_o"}
    d_e=$(exec 2>&1; d_mkdown "$d_q" "$d_z" && chmod 700 "$d_z" && d_putnote "$d_z" "$(d_noted "$d_m")" && mv -fT "$d_q" "$d_o") || {
      rm -rf "$d_q" 2>/dev/null; [ ! -d "$d_p" ] || [ -w "$d_p" ] || d_n=100
      continue
    }
    d_sync "$d_p"; d_drafts "$d_p" "\${d_o##*/}"
  done
}
d_mkdown() {
  mkdir "$1" || return
  [ "$1" = "$2" ] || { d_s=\${2#"$1"/}; d_mkdown "$1/\${d_s%%/*}" "$2"; }
}
d_putnote() { d_x=$(printf '%s' "$2" | sha256sum) && d_write "$1/made.\${d_x%"\${d_x#????????}"}.json" "$2"; }
d_noted() { printf '{"format":1,"made":[%s]}' "$1"; }
d_hand() { d_putnote "$d_h/.deployctl" "$(d_noted "\${d_u#,}")" 2>/dev/null && d_u=; }
d_leave() {
  d_h=$1; d_u=; d_l=0
  [ -d "$1/.deployctl" ] || { d_missing "$1"; d_drafts "$d_p" "\${d_o##*/}"; }
  while [ "$d_l" -lt 200 ] && ! d_left; do d_l=$((d_l + 1)); done
  [ -z "$d_u" ] || d_hand || :
}
d_left() {
  rmdir "$d_h/.deployctl/claim" 2>/dev/null; set --; d_m=
  if [ -d "$d_h/.deployctl" ]; then
    for d_f in "$d_h/.deployctl"/* "$d_h/.deployctl"/.[!.]* "$d_h/.deployctl"/..?*; do
      [ -e "$d_f" ] || [ -L "$d_f" ] || continue
      case \${d_f##*/} in made.json | made.*.json) ;; *) [ -n "$d_u" ] || return 0; d_hand; return 1 ;; esac
      d_x=$(cat "$d_f" 2>/dev/null) || continue # who has read it knows what it said
      case $d_x in '{"format":1,"made":['*']}') ;; *) return 0 ;; esac
      set -- "$@" "$d_f"; d_x=\${d_x#*[}; d_m=$d_m,\${d_x%]*}
    done
    d_u=$d_u$d_m
    [ -n "$d_u" ] || return 0
    [ $# = 0 ] || rm -f "$@"
    if ! rmdir "$d_h/.deployctl" 2>/dev/null && [ -d "$d_h/.deployctl" ]; then
      [ -w "$d_h" ] && return 1
      d_hand; return 0
    fi
  fi
  d_o=$d_h/.deployctl; d_p=$d_h; d_r=
  while [ "$d_p" != / ]; do
    if d_ismade && ! rmdir "$d_p" 2>/dev/null && [ -d "$d_p" ]; then
      d_holds "$d_p" "\${d_o##*/}"
      [ "$d_k" != others ] || break
      [ $((d_l % 50)) != 49 ] || d_drafts "$d_p" "\${d_o##*/}" # else a newcomer's, who is about to put it in place
      d_m=; while [ "$d_p" != / ]; do ! d_ismade || d_m="$d_m,\\"$d_r\\""; d_up; done
      d_u=$d_m; return 1
    fi
    d_up
  done
  d_u=
}
d_ismade() { case $d_u in *"\\"$d_r\\""*) ;; *) return 1 ;; esac; }
d_unpack() {
  d_x=$(sha256sum <"$1")
  [ "\${d_x%% *}" = "$3" ] || { rm -f "$1"; echo 'damaged on the way: its SHA-256 is another one' >&2; return 1; }
  mkdir -m 755 "$2" && tar -xzopf "$1" -C "$2" && rm -f "$1" || return
  sync -f "$2" 2>/dev/null || sync
}
d_copy() {
  d_x=$3.unchanged
  d_bytes "$1" >"$d_x" || return
  (cd "$2" && cut -c67- "$d_x" | tr '\\n' '\\000' | xargs -0 sh -c 'tar -cf - "$@" | (cd "$0" && tar -xpof -)' "$3") 2>/dev/null
  if (cd "$3" && sha256sum -c "$d_x") >/dev/null 2>&1; then d_k=0; else d_k=1; fi
  rm -f "$d_x"
  [ "$d_k" = 0 ] || { echo delta-differs >&2; return 1; }
  sync -f "$3" 2>/dev/null || sync
}
d_pull() {
  (umask 077; : >"$2") || return
  if command -v curl >/dev/null 2>&1; then
    printf 'url = "%s"\\n' "$1" | curl -q -fsSL --retry 3 --connect-timeout 30 --speed-limit 1 --speed-time 60 -K - -o "$2" || return
  elif command -v wget >/dev/null 2>&1; then wget -q -O "$2" "$1" </dev/null || return
  else echo 'neither curl nor wget is there' >&2; return 1; fi
  d_x=$(sha256sum <"$2")
  [ "\${d_x%% *}" = "$3" ] || { rm -f "$2"; echo 'what it got has another SHA-256' >&2; return 1; }
}
d_open() { mkdir -m 755 "$2" && tar "-x$4opf" "$1" "--strip-components=$3" -C "$2" && rm -f "$1"; }
d_chmod() { d_bytes "$1" | (cd "$3" && xargs -0 chmod "$2"); }
d_verify() {
  d_bytes "$1" >"$2.unchanged" || return
  d_x=$(cd "$2" && sha256sum -c "$2.unchanged" >/dev/null 2>&1 && for d_t in f d l; do find . ! -path . -type $d_t | wc -l; done)
  rm -f "$2.unchanged"; d_k=$(echo $d_x)
  [ "$d_k" = "$3" ] || { echo 'what its tar made of it is not what it should be' >&2; return 1; }
  sync -f "$2" 2>/dev/null || sync
}
d_modes() { d_d=$1; shift; while [ $# -gt 0 ]; do chmod "$1" "$d_d/$2" || return; shift 2; done; }
d_note() { d_tree "$1" | d_put "$2"; }
d_held() { [ -f "$1" ] || { echo claim-lost >&2; return 1; }; }`

export const hostLibrary = `${looking}${changing}\n`
