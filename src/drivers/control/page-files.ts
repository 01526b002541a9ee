/** The files of the status page: plain HTML, one stylesheet, one script, as they go to the browser. */
import { pageScript } from './page-script.js'
import { pageStyle } from './page-style.js'

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>deployctl</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1 id="title">deployctl</h1>
<p id="agent" role="status">waiting for the agent …</p>
</header>
<main>
<section id="alerts" hidden></section>
<section id="running" hidden><h2>Under way</h2><div></div></section>
<section id="services"><h2>Services</h2><div></div></section>
<section id="history"><h2>Deployments</h2><div></div></section>
<section id="logs"><h2>Log</h2><ol></ol></section>
</main>
<noscript><p>This page needs its script. <a href="/api/v1/status">The same as data.</a></p></noscript>
</body>
</html>
`

export const pageFiles = [
  { path: '/', type: 'text/html; charset=utf-8', body: html },
  { path: '/page.css', type: 'text/css; charset=utf-8', body: pageStyle },
  { path: '/page.js', type: 'text/javascript; charset=utf-8', body: pageScript },
] as const
