"""The few rules that the theme in .streamlit/config.toml can't express: spacing, and figures of equal width."""

__all__ = ["STYLE"]

STYLE = """<style>
[data-testid="stMainBlockContainer"] {
  padding-left: clamp(0.8rem, 3vw, 3rem); padding-right: clamp(0.8rem, 3vw, 3rem);
}
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.45rem; }
[data-testid="stMetricValue"], [data-testid="stMetricDelta"], .st-key-bar { font-variant-numeric: tabular-nums; }
/* Streamlit's captions are too faint for AA. */
[data-testid="stApp"] [data-testid="stCaptionContainer"] { opacity: 0.8; }
/* Chosen options are many and no call to action: quiet chips, which also read better in the dark. */
[data-testid="stMultiSelect"] [data-tag], [data-testid="stMultiSelect"] [data-tag] button {
  background: rgba(120, 140, 170, 0.2); color: inherit;
}
[data-testid="stMultiSelect"] [data-tag] button { background: transparent; }
/* White on the dark theme's own blue is too faint for AA; one blue reads on both pages. */
[data-testid="stApp"] button[kind^="primary"]:not(:disabled) {
  background: #1d4ed8; border-color: #1d4ed8; color: #ffffff;
}
/* The menu shares its line with Streamlit's own corner menu. */
header[data-testid="stHeader"], header[data-testid="stHeader"] * { background: transparent; pointer-events: none; }
header[data-testid="stHeader"] button, header[data-testid="stHeader"] button * { pointer-events: auto; }
/* What is wrong with a link is told below the row of the control that it names. */
:is(.st-key-bar, .st-key-toolbar) > :has([data-testid="stAlert"]) { order: 9; flex: 1 0 100%; }
.st-key-bar {
  column-gap: 0.45rem; row-gap: 0.2rem; border-bottom: 1px solid rgba(128, 128, 128, 0.28);
  padding-right: 2.2rem; margin-top: -3.3rem; padding-bottom: 0.3rem;
}
.st-key-bar p { white-space: nowrap; }
/* Ten pages, a picker and a name share one line: how fresh the data is takes what is left, and is cut last. */
.st-key-bar > :has([data-testid="stSpace"]) { display: none; }
.st-key-bar > :has([data-testid="stCaptionContainer"]) { flex: 1 1 0; min-width: 11rem; overflow: hidden; }
.st-key-bar [data-testid="stCaptionContainer"] p { text-align: right; overflow: hidden; text-overflow: ellipsis; }
.st-key-who { max-width: 10rem; }
[class*="st-key-tile-"] { gap: 0; padding: 0.3rem 0.65rem 0.4rem; }
[class*="st-key-tile-"] p { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
[class*="st-key-tile-"] a p { white-space: normal; line-height: 1.2; }
[class*="st-key-tile-"] > :nth-child(2) { margin-top: auto; }
[class*="st-key-tile-over"] { border-left: 3px solid #e5484d; }
[class*="st-key-tile-"] a, [class*="st-key-chart-"] a { padding-left: 0; padding-right: 0; min-height: 0; }
[class*="st-key-chart-"], [class*="st-key-side-"] { gap: 0; }
[class*="st-key-figure-"] { gap: 0.1rem; padding: 0.35rem 0.65rem 0.3rem; }
[class*="st-key-figure-"] button { padding: 0; min-height: 0; }
[class*="st-key-cause-"] > :first-child { flex: 1 1 300px; min-width: 0; }
[class*="st-key-figure-"] [data-testid="stMarkdown"] strong { font-size: 0.875rem; }
[class*="st-key-cause-"] { gap: 0.5rem; padding: 0.3rem 0.65rem; }
[class*="st-key-cause-"] button { min-height: 1.9rem; padding-top: 0; padding-bottom: 0; }
[class*="st-key-choose-"] button { min-height: 1.6rem; padding: 0; text-align: left; justify-content: flex-start; }
[class*="st-key-suspect-"] { gap: 0.35rem; padding: 0.5rem 0.75rem; }
[class*="st-key-suspect-"] a { padding-left: 0; min-height: 0; }
[data-testid="stApp"] [class*="st-key-suspect-"] [data-testid="stCaptionContainer"] { opacity: 1; }
.st-key-agenda { gap: 0; }
[class*="st-key-item-"] { flex-wrap: nowrap; min-height: 1.9rem; }
/* A sentence of two lines must not reach into its neighbours. */
[class*="st-key-item-"] > :has([data-testid="stPageLink"]) { margin: 0; }
[class*="st-key-item-"] > :first-child { flex: 0 0 5.4rem; }
[class*="st-key-item-"] > :nth-child(2) { min-width: 0; }
[class*="st-key-item-"] a { padding: 0.1rem 0; min-height: 0; }
[class*="st-key-item-"] a p { white-space: normal; line-height: 1.25; }
[class*="st-key-choose-"] button { justify-content: flex-start; text-align: left; padding: 0; min-height: 0; }
@media (max-width: 640px) {
  [class*="st-key-item-"] { flex-wrap: wrap; padding-bottom: 0.4rem; row-gap: 0; }
  [class*="st-key-item-"] > :nth-child(2) { order: 3; flex: 1 0 100%; }
  [data-testid="stPageLink"] span { white-space: normal; }
  /* Who looks, then the menu in rows of five, then how fresh the data is. */
  .st-key-bar { column-gap: 0.4rem; row-gap: 0; padding-right: 0; }
  .st-key-bar > .st-key-who { order: 1; margin: 0 2.2rem 0 auto; max-width: 7.5rem; }
  .st-key-bar::before { content: ""; order: 2; flex: 0 0 100%; height: 0; }
  .st-key-bar > :has([data-testid="stPageLink"]) { order: 3; flex: 1 0 17%; margin: -0.15rem 0; }
  .st-key-bar [data-testid="stPageLink"] a { padding: 0 0.25rem; min-height: 0; }
  .st-key-bar > :has([data-testid="stCaptionContainer"]) { order: 4; flex: 1 0 100%; }
  .st-key-bar [data-testid="stCaptionContainer"] p { text-align: left; }
  .st-key-bar > :has([data-testid="stSelectbox"]) { order: 5; flex: 1 0 100%; }
}
</style>"""
