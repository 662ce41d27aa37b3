// Pictures: deliveries a second, how long they take, how much is owed.

import uPlot from "/console/uplot.js";

import { $, fill, isShown, make } from "/console/dom.js";
import { duration } from "/console/format.js";
import { on } from "/console/server.js";

/** The last two minutes are shown. */
const SECONDS = 120;
const HEIGHT = 150;
let seconds = [];
let plots = null;

on("seconds", ({ list }) => {
  seconds = list.slice(-SECONDS);
  draw();
});
on("second", (second) => {
  seconds = [...seconds, second].slice(-SECONDS);
  draw();
});

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function plot(place, series) {
  const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      cursor: { points: { size: 6 }, sync: { key: "pictures" } },
      legend: { live: true },
      scales: { y: { range: (_, low, high) => [0, Math.max(1, (high ?? 1) * 1.15)] } },
      axes: [{ ...axis, size: 26, gap: 6, values: (_, times) => times.map(clock) }, { ...axis, size: 46, space: 26, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000] }],
      padding: [6, 30, 0, 0],
      series: [{ value: (_, at) => (at ? clock(at) : "–") }, ...series],
    },
    [[], ...series.map(() => [])],
    place,
  );
}

const clock = (at) => new Date(at * 1000).toLocaleTimeString([], { hour12: false });
const whole = (_, value) => (value === null || value === undefined ? "–" : String(value));
const line = (label, name, fill) => ({ label, value: whole, stroke: color(name), width: 1.5, fill: fill && color(fill), points: { show: false }, spanGaps: false });
const ms = (_, value) => (value === null || value === undefined ? "–" : duration(value));

function make_() {
  plots?.forEach((one) => one.destroy());
  plots = [
    plot($("picture-rate"), [line("deliveries", "--accent", "--accent-soft")]),
    plot($("picture-wait"), [{ ...line("p50", "--good"), value: ms }, { ...line("p99", "--warn"), value: ms }]),
    plot($("picture-backlog"), [line("owed", "--bad", "--bad-soft")]),
  ];
}

function draw() {
  tiles();
  if (!isShown("pictures")) {
    return;
  }
  if (!plots) {
    make_();
  }
  const column = (name) => seconds.map((second) => second[name]);
  const at = column("at");
  // Always two minutes wide: a stack that has just started is a short line, and no stretched one.
  const scale = at.length > 0 && { min: at.at(-1) - SECONDS, max: at.at(-1) };
  [["arrived"], ["p50", "p99"], ["owed"]].forEach((names, index) => {
    plots[index].setData([at, ...names.map(column)], false);
    plots[index].batch(() => {
      if (scale) {
        plots[index].setScale("x", scale);
      }
    });
  });
}

function tiles() {
  const last = seconds.at(-1);
  const sum = seconds.reduce((total, { arrived }) => total + arrived, 0);
  const known = seconds.findLast(({ p50 }) => p50 !== null);
  const values = [
    ["In two minutes", sum],
    ["p50", known ? duration(known.p50) : "–"],
    ["p99", known ? duration(known.p99) : "–"],
    ["Owed now", last?.owed ?? 0],
  ];
  fill($("tiles"), ...values.map(([name, value]) => make("div", { className: "tile" }, make("span", { className: "quiet" }, name), make("strong", {}, String(value)))));
}

addEventListener("panel", draw);
addEventListener("theme", () => {
  if (plots) {
    make_();
    draw();
  }
});
addEventListener("resize", () => plots?.forEach((one) => isShown("pictures") && one.setSize({ width: one.root.parentElement.clientWidth, height: HEIGHT })));
