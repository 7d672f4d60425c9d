#!/usr/bin/env python3
"""react_flow_11.py REACT OUT: reactflow 11 as it was published, without a registry of npm.

A wheel on PyPI brings a source map that holds the files of the npm packages; Debian's esbuild puts them together. React comes from REACT, where
react.js and react-dom.js are. What the wheel's own bundler left out of the map are the packages' index files: they are written anew here, with the names
that the others ask for.
"""
import json, pathlib, re, shutil, subprocess, sys, tempfile, zipfile

WHEEL, MAP = "streamlit-flow-component==0.6.1", r"streamlit_flow/frontend/build/static/js/main\.[0-9a-f]+\.js\.map"
PARTS = ["core", "background", "controls", "minimap"]
# Names that stand elsewhere than in a file of their name: package, name: file, name there.
ELSEWHERE = {
    ("d3-drag", "drag"): ("drag", "default"), ("d3-drag", "dragDisable"): ("nodrag", "default"), ("d3-drag", "dragEnable"): ("nodrag", "yesdrag"),
    ("d3-ease", "easeCubicInOut"): ("cubic", "cubicInOut"),
    ("d3-interpolate", "interpolate"): ("value", "default"), ("d3-interpolate", "interpolateTransformCss"): ("transform/index", "interpolateTransformCss"),
    ("d3-interpolate", "interpolateTransformSvg"): ("transform/index", "interpolateTransformSvg"),
    ("d3-selection", "selection"): ("selection/index", "default"), ("d3-selection", "style"): ("selection/style", "styleValue"),
    ("d3-timer", "now"): ("timer", "now"), ("d3-transition", "transition"): ("transition/index", "default"),
    ("d3-zoom", "zoomIdentity"): ("transform", "identity"), ("d3-zoom", "zoomTransform"): ("transform", "default"),
    ("d3-color", "rgb"): ("color", "rgb"), ("d3-color", "hsl"): ("color", "hsl"), ("d3-color", "color"): ("color", "default"),
}


def sources(folder):
    """Path below node_modules: text."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), WHEEL], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if re.fullmatch(MAP, name))
        found = json.loads(wheel.read(name))
        sheets = [json.loads(wheel.read(name)) for name in wheel.namelist() if name.endswith(".css.map")]
    texts = {}
    for each in [found, *sheets]:
        for path, text in zip(each["sources"], each["sourcesContent"]):
            inside = path.rpartition("node_modules/")[2]
            if "node_modules/" in path and text and "streamlit-component-lib" not in path:
                texts[inside] = text
    return texts


def asked(texts, package):
    """What the others import from a package by its name."""
    names = set()
    for text in texts.values():
        for group in re.findall(r"import\s*\{([^}]*)\}\s*from\s*['\"]" + re.escape(package) + "['\"]", text):
            names |= {part.split(" as ")[0].strip() for part in group.split(",") if part.strip()}
    return sorted(names)


def index(texts, package):
    lines = ['import "./selection/index.js";'] if package == "d3-transition" else []
    for name in asked(texts, package):
        bare = re.sub(r"^interpolate", "", name)
        file, there = ELSEWHERE.get((package, name), (bare[0].lower() + bare[1:], "default"))
        text = texts.get(f"{package}/src/{file}.js", "")
        if there == "default" and re.search(rf"export (function|const|var) {name}\b", text):
            there = name
        assert text, f"{package} lacks {name}"
        lines.append(f'export {{ {there} as {name} }} from "./{file}.js";')
    return "\n".join(lines) + "\n"


def main(react, out):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        texts = sources(folder)
        modules = folder / "node_modules"

        def write(path, text):
            (modules / path).parent.mkdir(parents=True, exist_ok=True)
            (modules / path).write_text(text)

        for path, text in texts.items():
            write(path, text)
        for package in sorted({path.split("/")[0] for path in texts if path.startswith("d3-")}):
            write(f"{package}/package.json", json.dumps({"name": package, "type": "module", "main": "src/index.js"}))
            write(f"{package}/src/index.js", index(texts, package))
        for part in PARTS:
            write(f"@reactflow/{part}/package.json", json.dumps({"name": f"@reactflow/{part}", "module": "dist/esm/index.mjs", "main": "dist/esm/index.mjs"}))
        write("zustand/package.json", json.dumps({"name": "zustand", "exports": {f"./{each}": f"./esm/{each}.mjs" for each in ("vanilla", "traditional", "shallow")}}))
        write("classcat/package.json", json.dumps({"name": "classcat", "main": "index.js"}))
        write("react/index.js", "module.exports = globalThis.React;")
        write("react/package.json", json.dumps({"name": "react", "main": "index.js"}))
        write("react-dom/index.js", "module.exports = globalThis.ReactDOM;")
        write("react-dom/package.json", json.dumps({"name": "react-dom", "main": "index.js"}))
        (folder / "entry.js").write_text("".join(f'export * from "@reactflow/{part}";\n' for part in PARTS))
        subprocess.run(["esbuild", str(folder / "entry.js"), "--bundle", "--format=esm", "--target=es2020", "--log-level=warning",
                        '--define:process.env.NODE_ENV="production"', f"--outfile={out / 'reactflow.esm.js'}"], check=True, cwd=folder)
        sheet = "\n".join(text for path, text in texts.items() if path.startswith(("reactflow/", "@reactflow/")) and path.endswith(".css"))
        assert ".react-flow__node" in sheet, "the wheel brings no style"
        (out / "style.css").write_text(sheet)
    for file in ("react.js", "react-dom.js"):
        shutil.copy(react / file, out / file)
    (out / "MANIFEST.json").write_text(json.dumps({"wheel": WHEEL}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
