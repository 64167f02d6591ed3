/** Where the graph is on the screen: screen = plane * zoom + (x, y). */
export type Camera = { x: number; y: number; zoom: number }
export type Size = { w: number; h: number }

export const zoomBounds = { least: 0.1, most: 2 }
const margin = 16
/** Room at the bottom for legend and minimap. */
const foot = 52

const bounded = (zoom: number): number => Math.min(zoomBounds.most, Math.max(zoomBounds.least, zoom))

/** The whole graph in view, at 100 % at most, in the middle. */
export function fitted(graph: Size, view: Size): Camera {
  const w = view.w - 2 * margin
  const h = view.h - margin - foot
  const zoom = bounded(Math.min(1, w / Math.max(1, graph.w), h / Math.max(1, graph.h)))
  return {
    x: Math.round((view.w - graph.w * zoom) / 2),
    y: Math.round(Math.max(margin, (view.h - foot - graph.h * zoom) / 2)),
    zoom: Math.round(zoom * 1000) / 1000,
  }
}

/** Closer or farther, with the point of the screen staying where it is. */
export function zoomedAt(camera: Camera, factor: number, at: { x: number; y: number }): Camera {
  const zoom = Math.round(bounded(camera.zoom * factor) * 1000) / 1000
  const scale = zoom / camera.zoom
  return { x: at.x - (at.x - camera.x) * scale, y: at.y - (at.y - camera.y) * scale, zoom }
}

/** The least move that brings a shape (in the plane, zoomed) into view. */
export function revealed(
  camera: Camera,
  shape: { x: number; y: number; w: number; h: number },
  view: Size,
): Camera {
  const pad = 24
  const x = camera.x + shape.x
  const y = camera.y + shape.y
  const dx = x < pad ? pad - x : x + shape.w > view.w - pad ? view.w - pad - x - shape.w : 0
  const dy = y < pad ? pad - y : y + shape.h > view.h - foot ? view.h - foot - y - shape.h : 0
  return { ...camera, x: camera.x + dx, y: camera.y + dy }
}

/** Where names begin, and how much smaller a graph may be to be shown there instead, a little larger than the view. */
const names = 0.5
const nearly = 0.36

/** All of it, or, where that is just too small for names, as much as can be read: from its left, where it starts. */
export function readable(graph: Size, view: Size): Camera {
  const camera = fitted(graph, view)
  if (camera.zoom >= names || camera.zoom < nearly) return camera
  const free = view.h - foot - graph.h * names
  return {
    zoom: names,
    x: Math.max(margin, (view.w - graph.w * names) / 2),
    y: Math.round(free >= margin ? free / 2 : margin),
  }
}

/** With this shape of the plane (at 100 %) in the middle, close enough for names. */
export function closeUp(
  shape: { x: number; y: number; w: number; h: number },
  view: Size,
  zoom: number,
): Camera {
  return {
    zoom,
    x: Math.round(view.w / 2 - (shape.x + shape.w / 2) * zoom),
    y: Math.round((view.h - foot) / 2 - (shape.y + shape.h / 2) * zoom),
  }
}
