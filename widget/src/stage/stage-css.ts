/** Colours of both themes, and the launcher. Names start with --br- because custom properties inherit from the page. */
const LIGHT = `--br-bg:#fffefc;--br-card:#fff;--br-ink:#1f1b16;--br-soft:#6b645a;--br-line:#e8e2d9;--br-edge:#8f8679;--br-accent:#c2410c;--br-accent-2:#a63409;--br-on:#fff;--br-pick:#fdf0e6;--br-hover:#f3efe9;--br-bad:#b42318;--br-shade:0 18px 50px #1f1b1626,0 2px 8px #1f1b1614;color-scheme:light;`;
const DARK = `--br-bg:#1e1b18;--br-card:#282420;--br-ink:#f3ede4;--br-soft:#b5ab9d;--br-line:#3a352f;--br-edge:#8d8376;--br-accent:#f08a4b;--br-accent-2:#f7a470;--br-on:#241407;--br-pick:#3a2a1e;--br-hover:#322d28;--br-bad:#ff9b8f;--br-shade:0 18px 50px #0009,0 0 0 1px #fff1;color-scheme:dark;`;

export const STAGE_CSS = `
.layer{display:contents;${LIGHT}font:14px/1.45 Inter,system-ui,sans-serif;color:var(--br-ink);font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
.layer[data-theme=dark]{${DARK}}
@media (prefers-color-scheme:dark){.layer[data-theme=auto]{${DARK}}}
.layer[data-own]{--br-accent:var(--br-own);--br-accent-2:var(--br-own);--br-on:var(--br-own-on)}
.layer *,.layer *::before,.layer *::after{box-sizing:border-box}
[hidden]{display:none!important}
.unseen{position:absolute!important;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.face{display:block}
.eyes{transform-origin:32px 32px;transform-box:view-box;animation:br-blink 1.6s 3;transition:translate .12s ease-out}
@keyframes br-blink{80%,100%{scale:1 1}90%{scale:1 .08}}
@keyframes br-wink{80%,100%{scale:1 1}90%{scale:1 .08}}
:is(button,label):is(:hover,:focus-visible) .eyes{animation-name:br-wink}
.launcher{all:unset;box-sizing:border-box;position:fixed;display:flex;align-items:center;gap:8px;cursor:pointer;background:var(--br-bg);color:var(--br-ink);border:1px solid var(--br-line);box-shadow:0 6px 20px #1f1b1629,0 1px 3px #1f1b161f;font-weight:550;line-height:1;white-space:nowrap;touch-action:manipulation;user-select:none}
.launcher:hover{background:var(--br-hover)}
.launcher:focus-visible{outline:3px solid var(--br-accent);outline-offset:3px}
.launcher .face{width:36px;height:36px;flex:none}
[data-shape=bubble]{width:60px;height:60px;border-radius:50%;justify-content:center}
[data-shape=bubble] .face{width:40px;height:40px}
[data-shape=pill]{height:48px;padding-inline:8px 18px;border-radius:24px}
[data-shape=tab]{padding:8px 14px;border-radius:14px;min-height:48px}
[data-shape=tab]:is([data-side=left],[data-side=right]){flex-direction:column;padding:10px 6px 14px;min-width:48px}
[data-shape=tab]:is([data-side=left],[data-side=right]) span{writing-mode:vertical-rl}
.launcher[data-plain],.launcher[data-plain]:hover{background:var(--br-accent);color:var(--br-on);border-color:transparent;padding:0 20px}
[data-y=top].launcher{top:max(20px,env(safe-area-inset-top))}
[data-y=middle].launcher{top:50%;translate:0 -50%}
[data-y=bottom].launcher{bottom:max(20px,env(safe-area-inset-bottom))}
[data-x=left]{left:max(20px,env(safe-area-inset-left))}
[data-x=right]{right:max(20px,env(safe-area-inset-right))}
[data-x=center]{left:0;right:0;margin:0 auto;width:fit-content}
[data-shape=tab][data-side=right]{right:-14px;padding-right:18px}
[data-shape=tab][data-side=left]{left:-14px;padding-left:18px}
[data-shape=tab][data-side=top]{top:-14px;padding-top:22px}
[data-shape=tab][data-side=bottom]{bottom:-14px;padding-bottom:22px}
@media (prefers-reduced-motion:reduce){.eyes,.launcher{animation:none!important;transition:none!important}}
@media (forced-colors:active){.launcher{border:2px solid ButtonText}}
@media print{.layer{display:none}}
`;
