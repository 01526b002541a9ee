/** Looks at a place, with what BusyBox has, and changes nothing. One fact a line; names with line breaks are left out. */
export const lookScript = `
say() { printf '%s=%s\\n' "$1" "$2"; }
kind() { if [ -L "$1" ]; then echo link; elif [ -d "$1" ]; then echo folder; elif [ -e "$1" ]; then echo file; else echo none; fi; }
say user "$(id -un)"
say place "$(kind "$P")"
[ -d "$P" ] || exit 0
cd "$P" || { say denied yes; exit 0; }
[ -w . ] && say writable yes
[ -d .deployctl/records ] && [ -n "$(ls -A .deployctl/records)" ] && say ours yes
[ ! -e "$P.before-adoption.tar.gz" ] || say begun yes
say current "$(kind current)"
[ ! -L current ] || { say link "$(readlink current)"; [ -d current/ ] || say dangling yes; }
say sharedKind "$(kind shared)"
say releasesKind "$(kind releases)"
for e in releases/*/; do e=\${e%/}; [ ! -d "$e" ] || [ -L "$e" ] || say release "\${e#releases/}"; done
for e in * .[!.]*; do
  case $e in current|current.before-adoption|releases|shared|.deployctl|repo|revisions.log) ;; *) [ ! -e "$e" ] && [ ! -L "$e" ] || say entry "$e";; esac
done
S=.; [ ! -d current/ ] || S=current/
say owner "$(stat -c %U:%G "$S")"
say kib "$(du -sk "$S" | awk '{ print $1 }')"
say freeKib "$(df -Pk . | awk 'END { print $(NF-2) }')"
for f in REVISION VERSION .version; do [ ! -f "$S/$f" ] || { say version "$(head -n 1 "$S/$f" | cut -c 1-60)"; break; }; done
[ ! -f "$S/package.json" ] || say packageVersion "$(sed -n 's/.*"version"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/\\1/p' "$S/package.json" | head -n 1)"
find "$S" -type l 2>/dev/null | head -n 500 | while IFS= read -r l; do
  case $(readlink "$l") in */shared/*) p=\${l#"$S"}; p=\${p#/}; [ -d "$l" ] && p=$p/; say linked "$p";; esac
done
for e in .env config/master.key config/database.yml log logs storage uploads public/uploads public/system; do
  [ -L "$S/$e" ] || { [ -d "$S/$e" ] && say candidate "$e/"; [ -f "$S/$e" ] && say candidate "$e"; }
done
R=$(pwd -P)
named() { grep -lsF -e "$P/" -e "$R/" -e "$P\\"" "$@" 2>/dev/null || grep -ls -e "$P$" "$@" 2>/dev/null; }
for f in $(named /etc/systemd/system/*.service /lib/systemd/system/*.service); do f=\${f##*/}; say systemd "\${f%.service}"; done
for f in $(named /etc/sv/*/run /etc/service/*/run); do f=\${f%/run}; say runit "\${f##*/}"; done
for f in $(named /etc/supervisor/conf.d/*.conf /etc/supervisord.d/*.ini); do
  say supervisor "$(sed -n 's/^\\[program:\\([^]]*\\)\\].*/\\1/p' "$f" | head -n 1)"
done
for f in $(named /etc/nginx/nginx.conf /etc/nginx/conf.d/* /etc/nginx/sites-enabled/* /etc/apache2/sites-enabled/* /etc/httpd/conf.d/* /etc/caddy/Caddyfile); do say web "$f"; done
:`
