//! Pages as Chromium shows them: measured by a script in a frame around them, without network.
//!
//! The page under test stands in a frame of a given width; the script beside the frame measures, so the page itself runs
//! nothing. Chromium is no part of the gate: where there is none, nothing is measured, and that is said.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Names the browser; by default the first on the PATH that is called as Chromium is.
pub const CHROMIUM_VARIABLE: &str = "CHAINSTACK_CHROMIUM";
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Light or dark, as a reader has set it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Dark letters on a light ground.
    Light,
    /// Light letters on a dark ground.
    Dark,
}

/// What was measured of a page.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// Width of the frame, in pixels.
    pub client: f64,
    /// Width that the page takes: greater than the frame if it scrolls sideways.
    pub scroll: f64,
    /// The smallest letters, in pixels.
    pub letters: f64,
    /// The least contrast of letters and ground, from 1 to 21.
    pub contrast: f64,
    /// What has that contrast.
    pub faintest: String,
    /// Whether the page was shown dark.
    pub dark: bool,
    /// Texts of drawings that are wider than their box.
    pub cut_off: Vec<String>,
}

/// The browser, if there is one.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os(CHROMIUM_VARIABLE) {
        return Some(PathBuf::from(named));
    }
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    found.into_iter().find(|file| file.is_file())
}

/// Shows `page` in a frame `width` pixels wide and measures it.
///
/// # Errors
/// What went wrong: the browser did not start, or printed no measures.
pub fn measure(browser: &Path, page: &str, width: u32, scheme: Scheme) -> Result<Measured, String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let wrapper = folder.path().join("frame.html");
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin:0\"><iframe style=\"border:0;width:{width}px;height:800px\" \
         srcdoc=\"{quoted}\"></iframe><output></output><script>{SCRIPT}</script>"
    );
    fs::write(&wrapper, frame).map_err(|error| error.to_string())?;
    let number = if scheme == Scheme::Dark { 0 } else { 1 };
    let printed = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--dump-dom",
        ])
        .args(["--window-size=1400,900", &format!("--blink-settings=preferredColorScheme={number}")])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", wrapper.display()))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", browser.display()))?;
    let dom = String::from_utf8_lossy(&printed.stdout);
    let json = dom.rsplit_once("<output>").and_then(|(_, rest)| rest.split_once("</output>"));
    let measures = json.and_then(|(json, _)| serde_json::from_str::<Value>(&unescaped(json)).ok());
    let measures = measures.ok_or_else(|| {
        format!("the browser measured nothing: {}", String::from_utf8_lossy(&printed.stderr))
    })?;
    let number = |name: &str| measures[name].as_f64().ok_or_else(|| format!("no {name} in {measures}"));
    let texts = measures["cut"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(Measured {
        client: number("client")?,
        scroll: number("scroll")?,
        letters: number("letters")?,
        contrast: number("contrast")?,
        faintest: measures["faintest"].as_str().unwrap_or_default().to_owned(),
        dark: measures["dark"].as_bool().unwrap_or_default(),
        cut_off: texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Contrast is that of the Web Content Accessibility Guidelines. Folded parts are opened first: they count as well.
const SCRIPT: &str = r#"
onload = () => {
  const frame = document.querySelector("iframe"), page = frame.contentDocument, root = page.documentElement;
  page.querySelectorAll("details").forEach(part => part.open = true);
  const style = part => frame.contentWindow.getComputedStyle(part);
  const parts = colour => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = part => {
    for (; part; part = part.parentElement) {
      const found = parts(style(part).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const found = { client: root.clientWidth, scroll: root.scrollWidth, letters: 1000, contrast: 21, faintest: "", cut: [],
    dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches };
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), part = walker.currentNode.parentElement;
    if (!text || !part.getClientRects().length) continue;
    const drawn = part.namespaceURI.endsWith("svg"), look = style(part);
    const size = parseFloat(look.fontSize) * (drawn ? part.getScreenCTM().a : 1);
    found.letters = Math.min(found.letters, size);
    const [a, b] = [light(parts(drawn ? look.fill : look.color)), light(ground(part))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < found.contrast) Object.assign(found, { contrast, faintest: part.tagName + " " + text.slice(0, 40) });
    const box = drawn && part.previousElementSibling;
    if (box && box.tagName == "rect" && part.getBBox().width > box.getBBox().width) found.cut.push(text);
  }
  document.querySelector("output").textContent = JSON.stringify(found);
};
"#;
