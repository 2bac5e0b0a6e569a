/**
 * What people look at: contact sheets, charts, the report of a run, and the window that shows a training or tries a
 * model.
 */
package daegpu.preview;
