/** How the status page looks, in light and dark, on a desk and on a phone. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --line: #d9dde3; --ink: #1b2129; --faint: #5b6673;
  --good: #14743a; --good-ground: #e2f4e8; --careful: #8a5a00; --careful-ground: #fff3d6;
  --bad: #b3261e; --bad-ground: #fde7e5; --link: #0b5cad; --link-ground: #e3effb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161b; --card: #1b2129; --line: #323b46; --ink: #e7ebf0; --faint: #9aa6b3;
    --good: #6fd394; --good-ground: #17351f; --careful: #f0c060; --careful-ground: #3a2d10;
    --bad: #ff9a92; --bad-ground: #431d1a; --link: #7db8f5; --link-ground: #16304b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.25rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.75rem 0 .6rem; color: var(--faint); font-weight: 600; }
p { margin: .3rem 0; }
#agent { color: var(--faint); }
#agent[data-state="lost"] { color: var(--bad); }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem .9rem; min-width: 0; }
.card h3 { margin: 0; font-size: 1.05rem; display: flex; gap: .5rem; align-items: baseline; flex-wrap: wrap; }
.release { font-weight: 400; font-family: ui-monospace, monospace; font-size: .95em; overflow-wrap: anywhere; }
.faint { color: var(--faint); font-size: .9rem; }
.card p { overflow-wrap: anywhere; }
.chip { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; font-size: .85rem; font-weight: 600; }
.good { color: var(--good); background: var(--good-ground); }
.careful { color: var(--careful); background: var(--careful-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.busy { color: var(--link); background: var(--link-ground); }
#alerts p { border-radius: .6rem; padding: .6rem .9rem; margin: .75rem 0; overflow-wrap: anywhere; }
#alerts code { display: block; margin-top: .3rem; font: .9rem/1.4 ui-monospace, monospace; user-select: all; }
.list { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.row { padding: .6rem .9rem; border-top: 1px solid var(--line); display: grid; gap: .15rem .75rem;
  grid-template-columns: 7rem minmax(0, 1fr) auto; align-items: baseline; }
.row:first-child { border-top: 0; }
.row > * { min-width: 0; overflow-wrap: anywhere; }
.row details, .row .wide { grid-column: 1 / -1; }
summary { cursor: pointer; color: var(--bad); }
pre { margin: .4rem 0 0; padding: .6rem; background: var(--ground); border-radius: .4rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .85rem/1.4 ui-monospace, monospace; }
#logs ol { list-style: none; margin: 0 0 2rem; padding: .6rem .9rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; font: .85rem/1.5 ui-monospace, monospace; }
#logs li { overflow-wrap: anywhere; }
#logs time { color: var(--faint); margin-right: .6rem; }
#logs .warn { color: var(--careful); } #logs .error { color: var(--bad); }
@media (max-width: 34rem) {
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .row > .what { grid-column: 1 / -1; grid-row: 2; }
}
`
