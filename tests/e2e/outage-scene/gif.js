// Frames to a GIF, in the page: a browser reads PNGs by itself.

import { applyPalette, GIFEncoder, quantize } from "gifenc";

const COLOURS = 255;
/** The index of a pixel that stays as it was. */
const SAME = COLOURS;
/** Enough to know the colours of a page. */
const SAMPLED = 7;

async function pixels(png, { width, height }) {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
}

/** The GIF in base64. `pngs` are in base64, `delays` in milliseconds: how long each stays. */
export async function gif(pngs, delays, size) {
  const frames = [];
  for (const png of pngs) {
    frames.push(await pixels(png, size));
  }
  const sample = Uint32Array.from(frames.flatMap((frame) => Array.from(frame.filter((_, at) => at % SAMPLED === 0))));
  const palette = quantize(new Uint8Array(sample.buffer), COLOURS);
  const encoder = GIFEncoder();
  frames.forEach((frame, n) => {
    const indices = applyPalette(new Uint8Array(frame.buffer), palette);
    const before = frames[n - 1];
    const drawn = before ? indices.map((index, at) => (frame[at] === before[at] ? SAME : index)) : indices;
    encoder.writeFrame(drawn, size.width, size.height, {
      palette: n === 0 ? [...palette, ...Array(COLOURS + 1 - palette.length).fill([0, 0, 0])] : undefined,
      delay: delays[n],
      dispose: 1,
      transparent: Boolean(before),
      transparentIndex: SAME,
    });
  });
  encoder.finish();
  let text = "";
  for (const byte of encoder.bytes()) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}
