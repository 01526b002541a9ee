/**
 * What turns a place into release folders behind a link: backup first, then the release folder, then the link, then what
 * is shared. Nothing is removed, every file stays where the running program has it, or a link stands there. Pure.
 */
import type { AdoptionStep, Found, SharedFound } from '../../model/adoption.js'

/** The folder of what served before. */
const adopted = 'adopted'

export function migrationOf(found: Found, path: string): readonly AdoptionStep[] {
  if (found.refusals.length > 0) return []
  const env = { P: path }
  if (found.kind === 'releases' || found.kind === 'linked') return [keepLink(env)]
  if (found.kind === 'current')
    return [
      backup(env, path, 'current'),
      turnFolder(env),
      ...found.shared.map((one) => shareFrom(env, one, `releases/${adopted}`)),
    ]
  if (found.kind !== 'plain') return []
  const shared = found.shared.map((one) => shareFrom(env, one, '.'))
  const places = found.shared.map(({ place }) => place).join('\n')
  return [backup(env, path, '.'), ...shared, copyFolder({ ...env, SHARED: places }), firstLink(env)]
}

type Env = AdoptionStep['env']

function keepLink(env: Env): AdoptionStep {
  return {
    title: 'back up where current leads, as current.before-adoption',
    undo: 'remove it',
    script: 'cd "$P"; [ -L current.before-adoption ] || ln -s "$(readlink current)" current.before-adoption',
    revert: 'rm -f "$P/current.before-adoption"',
    env,
  }
}

/** Beside the place, and read through once before it counts. */
function backup(env: Env, path: string, what: string): AdoptionStep {
  return {
    title: `back up ${what === '.' ? path : `${path}/${what}`} to ${path}.before-adoption.tar.gz`,
    undo: 'leave it',
    script: `
      B=$P.before-adoption.tar.gz
      [ ! -e "$B" ] || exit 0
      umask 077
      rm -f "$B.part"
      tar -czf "$B.part" -C "$P" "$WHAT" && tar -tzf "$B.part" >/dev/null && mv "$B.part" "$B"`,
    revert: 'rm -f "$P.before-adoption.tar.gz.part"',
    env: { ...env, WHAT: what },
  }
}

/** Two renames, one after the other: what runs keeps its folder, whatever it is called. */
function turnFolder(env: Env): AdoptionStep {
  return {
    title: `make the folder current the release releases/${adopted}, and current a link to it`,
    undo: 'make it the folder current again',
    script: `
      cd "$P"
      [ ! -L current ] || exit 0
      mkdir -p releases
      rm -f current.adoption; ln -s releases/${adopted} current.adoption
      mv -T current releases/${adopted} && mv -T current.adoption current`,
    revert: `
      cd "$P"
      if [ -L current ] || [ ! -e current ]; then
        [ ! -d releases/${adopted} ] || { rm -f current; mv -T releases/${adopted} current; }
      fi
      rm -f current.adoption; rmdir releases 2>/dev/null || :`,
    env,
  }
}

function copyFolder(env: Env): AdoptionStep {
  return {
    title: `copy what is there to releases/${adopted}; the original stays`,
    undo: 'remove the copy',
    script: `
      cd "$P"
      [ ! -d releases/${adopted} ] || exit 0
      mkdir -p releases; rm -rf releases/.adopting; mkdir releases/.adopting
      for e in * .[!.]* ..?*; do
        case $e in releases|shared|current|.deployctl) continue;; esac
        [ -e "$e" ] || [ -L "$e" ] || continue
        cp -a "./$e" releases/.adopting/
      done
      [ -z "$SHARED" ] || printf '%s\\n' "$SHARED" | while IFS= read -r e; do
        up=$(printf '%s' "$e" | sed 's|[^/]*|..|g')
        rm -f "releases/.adopting/$e"; ln -s "$up/../shared/$e" "releases/.adopting/$e"
      done
      mv -T releases/.adopting releases/${adopted}`,
    revert: `cd "$P"; rm -rf releases/.adopting releases/${adopted}; rmdir releases 2>/dev/null || :`,
    env,
  }
}

function firstLink(env: Env): AdoptionStep {
  return {
    title: `link current to releases/${adopted}`,
    undo: 'remove the link',
    script: `cd "$P"; [ -L current ] || ln -s releases/${adopted} current`,
    revert: 'cd "$P"; [ ! -L current ] || rm current',
    env,
  }
}

/** The one that is there becomes the shared one, and a link takes its place in the next moment. */
function shareFrom(env: Env, { place, isFolder }: SharedFound, from: string): AdoptionStep {
  const depth = place.split('/').length - 1 + (from === '.' ? 0 : 2)
  const target = `${'../'.repeat(depth)}shared/${place}`
  return {
    title: `make ${place}${isFolder ? '/' : ''} a shared one: move it to shared/${place}, and put a link there`,
    undo: 'move it back',
    script: `
      cd "$P"
      [ ! -L "$FROM/$E" ] || exit 0
      [ ! -e "shared/$E" ] || { echo "shared/$E is there already" >&2; exit 1; }
      mkdir -p "$(dirname "shared/$E")"
      rm -f "$FROM/$E.adoption"; ln -s "$TARGET" "$FROM/$E.adoption"
      mv -T "$FROM/$E" "shared/$E" && mv -T "$FROM/$E.adoption" "$FROM/$E"`,
    revert: `
      cd "$P"
      rm -f "$FROM/$E.adoption"
      if [ "$(readlink "$FROM/$E")" = "$TARGET" ] || [ ! -e "$FROM/$E" ]; then
        [ ! -e "shared/$E" ] || { rm -f "$FROM/$E"; mv -T "shared/$E" "$FROM/$E"; }
      fi
      rmdir "$(dirname "shared/$E")" shared 2>/dev/null || :`,
    env: { ...env, E: place, FROM: from, TARGET: target },
  }
}
