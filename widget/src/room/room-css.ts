/** The room's own styles. Hairlines instead of boxes, one shadow, colour only where it means something. */
export const ROOM_CSS = `
.room{position:fixed;width:372px;max-width:calc(100vw - 24px);max-height:min(660px,var(--br-h) - 40px);display:flex;flex-direction:column;background:var(--br-bg);color:var(--br-ink);border:1px solid var(--br-line);border-radius:18px;box-shadow:var(--br-shade);overflow:hidden;outline:none;animation:br-in .18s ease-out}
@keyframes br-in{from{opacity:0;transform:translateY(6px)}}
.room[data-y=top]{top:calc(var(--br-top) + 20px)}
.room[data-y=middle]{top:calc(var(--br-top) + var(--br-h)/2);translate:0 -50%}
.room[data-y=bottom]{top:calc(var(--br-top) + var(--br-h) - 20px);translate:0 -100%}
button,input,textarea,summary{font:inherit;color:inherit}
button{cursor:pointer;touch-action:manipulation}
button:disabled,[aria-disabled=true]{cursor:default;opacity:.45}
h2,p,ul,ol,pre,fieldset,blockquote{margin:0;padding:0;border:0}
ol,ul{list-style:none}
h2{outline:none}
:is(button,a,summary,input,textarea,canvas):focus-visible,label:has(:focus-visible){outline:2px solid var(--br-accent);outline-offset:2px}
header{display:flex;flex:none;align-items:start;gap:12px;padding:14px 12px 12px;padding-inline-start:16px}
header>div{flex:1;min-width:0;align-self:center}
header .face{width:42px;height:42px}
header h2{font-size:15.5px;line-height:1.3;font-weight:650}
header p{color:var(--br-soft);font-size:12.5px;text-wrap:balance}
.tool{flex:none;display:grid;place-items:center;width:38px;height:38px;padding:0;border:0;border-radius:12px;background:none;color:var(--br-soft)}
.tool:hover:not([aria-disabled=true]){background:var(--br-hover);color:var(--br-ink)}
.tool[aria-pressed=true]{background:var(--br-pick);color:var(--br-ink);box-shadow:inset 0 0 0 1.5px var(--br-accent)}
.icon{width:20px;height:20px;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.chan{display:flex;flex:none;flex-wrap:wrap;gap:6px;padding:2px 16px 13px;border-bottom:1px solid var(--br-line);max-height:92px;overflow:auto}
.rule{border-bottom:1px solid var(--br-line)}
.chan label{flex:none;display:flex;gap:7px;align-items:center;min-height:32px;padding-inline:8px 12px;border:1px solid var(--br-line);border-radius:999px;font-size:13px;color:var(--br-soft);cursor:pointer;position:relative}
.chan label:hover{border-color:var(--br-edge)}
.chan label[data-on]{background:var(--br-pick);border-color:var(--br-accent);color:var(--br-ink);font-weight:600}
.chan .face{width:20px;height:20px}
.body{overflow:auto;overscroll-behavior:contain;flex:0 1 auto;min-height:0}
.thread{display:flex;flex-direction:column;gap:10px;padding:14px 16px}
.b{position:relative;border:1px solid var(--br-line);border-radius:12px;background:var(--br-card)}
.b>.tool{position:absolute;inset-block-start:-9px;inset-inline-end:-9px;width:28px;height:28px;border-radius:50%;background:var(--br-bg);border:1px solid var(--br-line);opacity:0}
.b>.tool .icon{width:13px;stroke-width:2.4}
.b:hover>.tool,.b:focus-within>.tool,.b>.tool:focus-visible{opacity:1}
@media (hover:none){.b>.tool{opacity:1}}
.b textarea{display:block;width:100%;padding:10px 13px;border:0;background:none;resize:none;border-radius:12px;field-sizing:content;min-height:40px;max-height:220px;outline-offset:-1px!important}
.thumb{display:block;width:100%;max-height:190px;object-fit:cover;object-position:top;border-radius:12px 12px 0 0}
.b small{display:flex;align-items:center;gap:8px;min-height:34px;padding:0 12px;border-top:1px solid var(--br-line);color:var(--br-soft);font-size:12.5px}
.b small .link{margin-inline-start:auto}
.b blockquote{padding:9px 13px;color:var(--br-soft);overflow-wrap:anywhere}
.b.selection{border-inline-start:3px solid var(--br-accent)}
.b blockquote span{display:block;max-height:90px;overflow:auto}
.b code{display:block;margin-top:2px;font:11.5px ui-monospace,monospace;overflow-wrap:anywhere}
.sound{display:flex;align-items:center;gap:6px;padding:5px 8px;color:var(--br-soft);font-size:13px}
.link{border:0;background:none;padding:7px 4px;margin:-3px 0;color:inherit;font-size:12.5px;text-decoration:underline;border-radius:6px}
.link:hover{color:var(--br-ink)}
.others,.local{padding:12px 16px;display:flex;flex-direction:column;gap:4px;color:var(--br-soft);font-size:13px}
.others{border-bottom:1px solid var(--br-line)}
.others p,.local p{display:flex;align-items:center;gap:10px;flex-wrap:wrap}
.local{border-top:1px solid var(--br-line)}
.write{border-top:1px solid var(--br-line);padding:12px 12px 10px;display:flex;flex-direction:column;gap:6px;flex:none}
.body:empty+.write{border-top:0}
.write>textarea{width:100%;padding:2px 5px;border:0;border-radius:6px;background:none;resize:none;field-sizing:content;min-height:66px;max-height:min(240px,30vh)}
textarea::placeholder,input::placeholder{color:var(--br-soft);opacity:1}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:2px}
.send,.stop{min-height:38px;padding:0 18px;border:0;border-radius:12px;background:var(--br-accent);color:var(--br-on);font-weight:600;white-space:nowrap}
.send{margin-inline-start:auto}
.send:hover:not(:disabled){background:var(--br-accent-2)}
.stop{background:var(--br-ink);color:var(--br-bg)}
.goes{color:var(--br-soft);font-size:12.5px;padding:5px 5px 0;border-top:1px solid var(--br-line);margin-top:4px}
.goes .link{padding:5px 0;margin:-5px 0}
.who summary{cursor:pointer;padding:5px 0;border-radius:6px;width:fit-content;list-style-position:inside}
.who div{display:grid;grid-template-columns:1fr 1fr;gap:8px;padding:4px 0 6px}
.who input,.words{min-width:0;width:100%;min-height:36px;padding:0 11px;border:1px solid var(--br-edge);border-radius:12px;background:var(--br-card);color:var(--br-ink)}
.who,.hint{color:var(--br-soft);font-size:12.5px;padding:0 5px}
.notice{background:var(--br-pick);border-radius:12px;padding:9px 12px;font-size:13px;display:flex;flex-wrap:wrap;gap:0 14px}
.notice p{flex-basis:100%}
.quote{display:flex;gap:8px;width:100%;min-height:36px;align-items:center;text-align:start;padding:6px 12px;border:1px dashed var(--br-edge);border-radius:12px;background:none;color:var(--br-soft);font-size:13px}
.quote b{font-weight:600;color:var(--br-ink);flex:none}
.quote span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.voice{display:flex;align-items:center;gap:10px;min-height:66px;padding:0 5px}
.voice i{width:10px;height:10px;border-radius:50%;background:var(--br-bad)}
.voice meter{flex:1;min-width:30px;height:10px}
.along{padding:0 16px 14px;border-top:1px solid var(--br-line);display:flex;flex-direction:column;gap:8px}
.along li+li{border-top:1px solid var(--br-line)}
.along label{display:grid;grid-template-columns:24px 1fr;gap:0 6px;padding:9px 0;cursor:pointer}
.along input{width:17px;height:17px;margin:2px 0;accent-color:var(--br-accent);grid-row:span 2}
.along b{font-weight:600;font-size:13px}.along b::first-letter{text-transform:uppercase}
.along span{color:var(--br-soft);font-size:12.5px;overflow-wrap:anywhere;white-space:pre-wrap;max-height:7.5em;overflow:auto}
.outcome{padding:14px 16px 16px;display:flex;flex-direction:column;gap:8px;border-top:1px solid var(--br-line)}
.outcome p{color:var(--br-soft)}
.outcome a{color:var(--br-accent);font-weight:550;padding:4px 0}
.outcome .bar{gap:14px;margin-top:10px}
.outcome .bad{color:var(--br-bad)}
.outcome pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;font-size:13px;max-height:180px;overflow:auto;border-inline-start:3px solid var(--br-line);padding-inline-start:12px}
.outcome progress{width:100%;accent-color:var(--br-accent)}
.editor{position:fixed;inset:0;display:flex;flex-direction:column;gap:8px;padding:12px;background:var(--br-bg);outline:none;height:var(--br-h);top:var(--br-top)}
.editor .bar .link{margin-inline:auto 8px}.editor .send{margin:0}
.editor>*{max-width:1100px;width:100%;margin:0 auto}
.editor .stage{flex:1;min-height:0;display:grid;place-items:center;padding:6px;max-width:none}
.stage canvas{max-width:100%;max-height:100%;min-height:0;touch-action:none;cursor:crosshair;border-radius:4px;box-shadow:0 0 0 1px var(--br-line)}
.pick-frame,.pick-shield{position:fixed;left:0;top:0}
.pick-frame{pointer-events:none;border:2px solid #e8590c;border-radius:4px;background:#e8590c1a}
.pick-name{position:absolute;bottom:100%;inset-inline-start:-2px;margin-bottom:4px;padding:2px 8px;border-radius:6px;background:#1f1b16;color:#fff;font:12px ui-monospace,monospace;white-space:nowrap;max-width:60vw;overflow:hidden;text-overflow:ellipsis}
.pick-frame[data-low] .pick-name{bottom:auto;top:100%;margin-top:4px}
.pick-bar{position:fixed;inset:auto 12px 20px;margin:auto;width:fit-content;display:flex;align-items:center;gap:14px;padding:8px;padding-inline-start:18px;border-radius:16px;background:#1f1b16;color:#fffefc;box-shadow:var(--br-shade);font-size:13px}
.pick-bar button{flex:none;min-height:36px;padding:0 14px;border:1px solid #857c70;border-radius:12px;background:none;color:inherit}
@media (max-width:480px){
.room[data-x]{left:8px;right:8px;width:auto;max-width:none;top:calc(var(--br-top) + var(--br-h) - max(8px,env(safe-area-inset-bottom)));translate:0 -100%;animation:none;max-height:calc(var(--br-h) - 16px)}
.tool{width:44px;height:44px}.send,.stop{min-height:44px}.chan label{min-height:40px}.link{padding-block:10px}
input,textarea{font-size:16px!important}
.b>.tool{width:32px;height:32px}
.who div{grid-template-columns:1fr}
}
@media (max-height:420px){.room header p{display:none}.room{overflow:auto}.write>textarea{min-height:42px}}
@media (prefers-reduced-motion:reduce){.room{animation:none}}
@media (forced-colors:active){.tool[aria-pressed=true],.chan label[data-on]{outline:2px solid Highlight}.pick-frame{border-color:Highlight}.send,.stop,.pick-bar,.stage canvas{border:1px solid}}
`;
