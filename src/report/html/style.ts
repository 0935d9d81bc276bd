/** Colours of the page in both themes; each text has a contrast of 4.5:1 or more. */
const LIGHT = `--paper:#fff;--ink:#1a1a1a;--muted:#555;--rule:#d4d4d4;--link:#004a80;--doubt:#8a3300;--doubt-ground:#fdf3ea;--stripe:#f6f6f6;color-scheme:light`;
const DARK = `--paper:#16181b;--ink:#e6e6e6;--muted:#a8adb3;--rule:#3d4248;--link:#8cc4f2;--doubt:#ffb37a;--doubt-ground:#2b2119;--stripe:#1d2024;color-scheme:dark`;

export const STYLE = `
:root{${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
@media screen{:root[data-theme=dark]{${DARK}}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:76rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:break-word}
header{display:flex;flex-wrap:wrap;gap:.5rem 2rem;align-items:baseline;justify-content:space-between}
h1{font-size:1.75rem;margin:0}
h2{font-size:1.375rem;line-height:1.25;margin:0 0 .5rem}
h3{font-size:1.0625rem;margin:2rem 0 .5rem}
p{max-width:46rem;margin:.5rem 0}
a{color:var(--link)}
code{font:.875em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.25rem .5rem}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.theme{font-size:.875rem;color:var(--muted)}
select,button{font:inherit;color:inherit;background:none;border:1px solid var(--rule);border-radius:3px;padding:.15rem .5rem;cursor:pointer}
select{background:var(--paper);color:var(--ink)}
nav{margin:1rem 0 1.5rem;border-block:1px solid var(--rule);padding:.5rem 0;font-size:.9375rem}
nav ol{margin:0;padding:0;list-style:none;columns:21rem;column-gap:2rem}
nav li{break-inside:avoid;padding:.1rem 0}
nav .parts{font-size:.8125rem;white-space:nowrap}
nav .parts a{color:var(--muted);margin-left:.35rem}
section{margin-top:3rem}
.experiment{border-top:1px solid var(--rule);padding-top:1.5rem}
.question{font-style:italic;color:var(--muted)}
.answer{font-size:1.0625rem}
.no-doubts{color:var(--muted);font-size:.875rem}
.doubts{border-left:3px solid var(--doubt);background:var(--doubt-ground);padding:.5rem .75rem;margin:1rem 0;max-width:46rem;font-size:.9375rem}
.doubts p{margin:0;font-weight:600;color:var(--doubt)}
.doubts ul{margin:.25rem 0 0;padding-left:1.1rem}
.doubts strong{color:var(--doubt)}
.doubtful{color:var(--doubt);font-weight:600}
.table{margin:1.25rem 0}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.875rem;line-height:1.35;border-block:1.5px solid var(--ink);font-variant-numeric:tabular-nums}
.caption{font-weight:600;font-size:.9375rem;margin:0 0 .35rem;max-width:60rem}
.caption button{font-weight:400;margin-left:.5rem;color:var(--muted);padding:0 .4rem}
thead th{border-bottom:1px solid var(--ink);vertical-align:bottom;padding:0;font-weight:500;min-width:3.5rem;max-width:14rem}
tbody td,tbody th{padding:.2rem .6rem;vertical-align:top;font-weight:400;min-width:3.5rem}
tbody td.left{max-width:34rem}
tbody td.left:not(.short){min-width:13rem}
tbody tr:nth-child(even){background:var(--stripe)}
.left{text-align:left}.right{text-align:right}
td.right,td.short{white-space:nowrap}
td.sentence{min-width:16rem}
td.absent{color:var(--muted)}
sup a{padding:0 .15rem}
sup{line-height:0;font-size:.75em}
button.sort{border:0;border-radius:0;width:100%;height:100%;padding:.25rem .6rem;text-align:inherit;font-size:inherit;line-height:1.25;position:relative;padding-right:1.1rem}
button.sort:hover::after{border-bottom-color:var(--rule);bottom:.6rem}
button.sort::after{content:"";position:absolute;right:.3rem;bottom:.55rem;border:.25rem solid transparent}
[aria-sort=ascending] .sort::after{border-bottom-color:currentColor;bottom:.6rem}
[aria-sort=descending] .sort::after{border-top-color:currentColor;bottom:.3rem}
button:hover{color:var(--link)}
.notes{font-size:.8125rem;color:var(--muted);line-height:1.4;max-width:60rem}
.notes p{margin:.2rem 0;max-width:60rem}
.notes ol{margin:.3rem 0;padding-left:1.5rem}
.files{margin:.4rem 0}
button.download,.legend button{font-size:.8125rem}
figure{margin:1.25rem 0 2rem;max-width:54rem}
figcaption{font-weight:600;font-size:.9375rem;margin-bottom:.25rem}
.plot{position:relative;width:100%}
.cursor{position:absolute;width:17px;height:17px;margin:-8.5px 0 0 -8.5px;border:2px solid var(--ink);border-radius:50%;pointer-events:none}
.cursor[hidden]{display:none}
.legend{display:flex;flex-wrap:wrap;gap:.25rem .5rem;margin:.25rem 0}
.legend button{padding:.1rem .4rem}
.legend .series{display:inline-flex;align-items:center;gap:.35rem;border-color:transparent;padding-left:0;text-align:left}
.legend .series[aria-pressed=false]{text-decoration:line-through;color:var(--muted)}
.axes[aria-pressed=true]{background:var(--ink);color:var(--paper)}
.series [data-sign]::before{content:attr(data-sign);-webkit-text-stroke:.3px var(--ink)}
.plot svg{display:block}
.part{border-top:1px solid var(--rule);padding-top:.4rem}.part>summary h3{display:inline;margin:0}
.all-doubts{font-size:.9375rem;max-width:60rem;padding-left:1.1rem}
.readout{font-size:.875rem;min-height:1.5em;margin:.1rem 0;font-variant-numeric:tabular-nums}
.readout:empty::before{content:"Point at the figure, or focus it and use the arrow keys, to read values.";color:var(--muted)}
details{margin:.5rem 0}
summary{cursor:pointer;font-size:.875rem;color:var(--link);width:fit-content}
dl{margin:.5rem 0;font-size:.875rem;max-width:60rem}
dl div{display:grid;grid-template-columns:11rem 1fr;gap:0 1rem;padding:.15rem 0}
dt{color:var(--muted)}dd{margin:0;grid-column:2;min-width:0;overflow-wrap:anywhere}
.of{color:var(--muted)}
@media (max-width:40rem){body{padding:1rem .75rem 3rem}dl div{grid-template-columns:1fr;padding:.3rem 0}dd{grid-column:1}
table.cards thead{display:none}table.cards,table.cards tbody,table.cards tr,table.cards td,table.cards th{display:block;width:auto;max-width:none;min-width:0;text-align:left;white-space:normal}
table.cards tr{border-bottom:1px solid var(--rule);padding:.35rem 0}table.cards td,table.cards th{padding:.05rem .3rem}
table.cards td::before,table.cards th::before{content:attr(data-h) ": ";color:var(--muted)}table.cards th[scope=row]::before{content:""}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{
body{max-width:none;padding:0;font-size:9.5pt}
nav,.skip,.theme,.files,.caption button,.readout,.axes,details:not(.part)>summary{display:none}
@page{size:A4;margin:14mm 12mm}summary{list-style:none}
section,figure,.table{break-inside:auto}figure .plot,tr,.doubts{break-inside:avoid}h2,h3,.caption,figcaption,.legend,thead,summary,.question,.answer{break-after:avoid}
.scroll{overflow:visible}table{font-size:7.5pt}thead th{padding:.1rem .3rem}button.sort{display:contents}td.right{white-space:normal}thead th{min-width:0}tbody td,tbody th{min-width:0;padding:.1rem .3rem}
}
`.trim();
