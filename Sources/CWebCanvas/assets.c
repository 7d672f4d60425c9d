// The page's files as bytes. SwiftPM follows no #embed: after a change to a file in assets/ or in the SDK alone, touch this one.
#include "CWebCanvas.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char home_html[] = {
#embed "assets/home.html"
};
static const unsigned char canvas_html[] = {
#embed "assets/canvas.html"
};
static const unsigned char style_css[] = {
#embed "assets/style.css"
};
static const unsigned char canvas_css[] = {
#embed "assets/canvas.css"
};
static const unsigned char panels_css[] = {
#embed "assets/panels.css"
};
static const unsigned char icon_svg[] = {
#embed "assets/icon.svg"
};
static const unsigned char access_js[] = {
#embed "assets/access.js"
};
static const unsigned char actions_js[] = {
#embed "assets/actions.js"
};
static const unsigned char activity_js[] = {
#embed "assets/activity.js"
};
static const unsigned char aligning_js[] = {
#embed "assets/aligning.js"
};
static const unsigned char app_js[] = {
#embed "assets/app.js"
};
static const unsigned char authors_js[] = {
#embed "assets/authors.js"
};
static const unsigned char chooser_js[] = {
#embed "assets/chooser.js"
};
static const unsigned char clipboard_js[] = {
#embed "assets/clipboard.js"
};
static const unsigned char clipping_js[] = {
#embed "assets/clipping.js"
};
static const unsigned char colours_js[] = {
#embed "assets/colours.js"
};
static const unsigned char comments_panel_js[] = {
#embed "assets/comments-panel.js"
};
static const unsigned char comments_js[] = {
#embed "assets/comments.js"
};
static const unsigned char connect_rules_js[] = {
#embed "assets/connect-rules.js"
};
static const unsigned char connect_js[] = {
#embed "assets/connect.js"
};
static const unsigned char context_menu_js[] = {
#embed "assets/context-menu.js"
};
static const unsigned char corner_js[] = {
#embed "assets/corner.js"
};
static const unsigned char dom_js[] = {
#embed "assets/dom.js"
};
static const unsigned char drag_js[] = {
#embed "assets/drag.js"
};
static const unsigned char drawing_js[] = {
#embed "assets/drawing.js"
};
static const unsigned char far_js[] = {
#embed "assets/far.js"
};
static const unsigned char field_values_js[] = {
#embed "assets/field-values.js"
};
static const unsigned char field_js[] = {
#embed "assets/field.js"
};
static const unsigned char fitting_js[] = {
#embed "assets/fitting.js"
};
static const unsigned char follow_js[] = {
#embed "assets/follow.js"
};
static const unsigned char geometry_js[] = {
#embed "assets/geometry.js"
};
static const unsigned char gestures_js[] = {
#embed "assets/gestures.js"
};
static const unsigned char graph_js[] = {
#embed "assets/graph.js"
};
static const unsigned char heading_js[] = {
#embed "assets/heading.js"
};
static const unsigned char help_js[] = {
#embed "assets/help.js"
};
static const unsigned char history_drawing_js[] = {
#embed "assets/history-drawing.js"
};
static const unsigned char history_panel_js[] = {
#embed "assets/history-panel.js"
};
static const unsigned char history_words_js[] = {
#embed "assets/history-words.js"
};
static const unsigned char home_js[] = {
#embed "assets/home.js"
};
static const unsigned char icons_js[] = {
#embed "assets/icons.js"
};
static const unsigned char ids_js[] = {
#embed "assets/ids.js"
};
static const unsigned char inspector_panel_js[] = {
#embed "assets/inspector-panel.js"
};
static const unsigned char issues_js[] = {
#embed "assets/issues.js"
};
static const unsigned char keys_js[] = {
#embed "assets/keys.js"
};
static const unsigned char labels_js[] = {
#embed "assets/labels.js"
};
static const unsigned char layout_js[] = {
#embed "assets/layout.js"
};
static const unsigned char main_js[] = {
#embed "assets/main.js"
};
static const unsigned char menu_js[] = {
#embed "assets/menu.js"
};
static const unsigned char minimap_js[] = {
#embed "assets/minimap.js"
};
static const unsigned char notice_js[] = {
#embed "assets/notice.js"
};
static const unsigned char palette_search_js[] = {
#embed "assets/palette-search.js"
};
static const unsigned char palette_js[] = {
#embed "assets/palette.js"
};
static const unsigned char pan_js[] = {
#embed "assets/pan.js"
};
static const unsigned char people_js[] = {
#embed "assets/people.js"
};
static const unsigned char pins_js[] = {
#embed "assets/pins.js"
};
static const unsigned char ports_js[] = {
#embed "assets/ports.js"
};
static const unsigned char presence_js[] = {
#embed "assets/presence.js"
};
static const unsigned char quick_js[] = {
#embed "assets/quick.js"
};
static const unsigned char refusals_js[] = {
#embed "assets/refusals.js"
};
static const unsigned char runs_panel_js[] = {
#embed "assets/runs-panel.js"
};
static const unsigned char save_state_js[] = {
#embed "assets/save-state.js"
};
static const unsigned char select_js[] = {
#embed "assets/select.js"
};
static const unsigned char selection_js[] = {
#embed "assets/selection.js"
};
static const unsigned char settings_js[] = {
#embed "assets/settings.js"
};
static const unsigned char share_js[] = {
#embed "assets/share.js"
};
static const unsigned char share_dialog_js[] = {
#embed "assets/share-dialog.js"
};
static const unsigned char shared_js[] = {
#embed "assets/shared.js"
};
static const unsigned char side_js[] = {
#embed "assets/side.js"
};
static const unsigned char theme_js[] = {
#embed "assets/theme.js"
};
static const unsigned char threads_js[] = {
#embed "assets/threads.js"
};
static const unsigned char toasts_js[] = {
#embed "assets/toasts.js"
};
static const unsigned char toolbar_js[] = {
#embed "assets/toolbar.js"
};
static const unsigned char tools_js[] = {
#embed "assets/tools.js"
};
static const unsigned char view_js[] = {
#embed "assets/view.js"
};
static const unsigned char viewport_js[] = {
#embed "assets/viewport.js"
};
static const unsigned char walk_js[] = {
#embed "assets/walk.js"
};
static const unsigned char home_css[] = {
#embed "assets/home.css"
};
static const unsigned char runs_css[] = {
#embed "assets/runs.css"
};
static const unsigned char proof_js[] = {
#embed "assets/proof.js"
};
static const unsigned char rest_js[] = {
#embed "assets/rest.js"
};
static const unsigned char thumbnail_js[] = {
#embed "assets/thumbnail.js"
};
static const unsigned char home_dialog_js[] = {
#embed "assets/home-dialog.js"
};
static const unsigned char home_cards_js[] = {
#embed "assets/home-cards.js"
};
static const unsigned char home_create_js[] = {
#embed "assets/home-create.js"
};
static const unsigned char home_import_js[] = {
#embed "assets/home-import.js"
};
static const unsigned char home_list_js[] = {
#embed "assets/home-list.js"
};
static const unsigned char examples_js[] = {
#embed "assets/examples.js"
};
static const unsigned char run_sight_js[] = {
#embed "assets/run-sight.js"
};
static const unsigned char runs_js[] = {
#embed "assets/runs.js"
};
static const unsigned char run_values_js[] = {
#embed "assets/run-values.js"
};
static const unsigned char counting_js[] = {
#embed "assets/counting.js"
};
// The modules of the SDK that the page loads.
static const unsigned char sdk_assembly_js[] = {
#embed "../CollabSDK/src/assembly.js"
};
static const unsigned char sdk_backoff_js[] = {
#embed "../CollabSDK/src/backoff.js"
};
static const unsigned char sdk_boards_js[] = {
#embed "../CollabSDK/src/boards.js"
};
static const unsigned char sdk_bytes_js[] = {
#embed "../CollabSDK/src/bytes.js"
};
static const unsigned char sdk_catalogue_js[] = {
#embed "../CollabSDK/src/catalogue.js"
};
static const unsigned char sdk_change_js[] = {
#embed "../CollabSDK/src/change.js"
};
static const unsigned char sdk_check_js[] = {
#embed "../CollabSDK/src/check.js"
};
static const unsigned char sdk_client_js[] = {
#embed "../CollabSDK/src/client.js"
};
static const unsigned char sdk_codec_js[] = {
#embed "../CollabSDK/src/codec.js"
};
static const unsigned char sdk_connection_js[] = {
#embed "../CollabSDK/src/connection.js"
};
static const unsigned char sdk_digests_js[] = {
#embed "../CollabSDK/src/digests.js"
};
static const unsigned char sdk_diff_js[] = {
#embed "../CollabSDK/src/diff.js"
};
static const unsigned char sdk_document_js[] = {
#embed "../CollabSDK/src/document.js"
};
static const unsigned char sdk_emitter_js[] = {
#embed "../CollabSDK/src/emitter.js"
};
static const unsigned char sdk_fingerprints_js[] = {
#embed "../CollabSDK/src/fingerprints.js"
};
static const unsigned char sdk_fresh_token_js[] = {
#embed "../CollabSDK/src/fresh-token.js"
};
static const unsigned char sdk_indexeddb_js[] = {
#embed "../CollabSDK/src/indexeddb.js"
};
static const unsigned char sdk_inflate_js[] = {
#embed "../CollabSDK/src/inflate.js"
};
static const unsigned char sdk_intake_js[] = {
#embed "../CollabSDK/src/intake.js"
};
static const unsigned char sdk_issues_js[] = {
#embed "../CollabSDK/src/issues.js"
};
static const unsigned char sdk_json_js[] = {
#embed "../CollabSDK/src/json.js"
};
static const unsigned char sdk_keeper_js[] = {
#embed "../CollabSDK/src/keeper.js"
};
static const unsigned char sdk_link_js[] = {
#embed "../CollabSDK/src/link.js"
};
static const unsigned char sdk_machine_js[] = {
#embed "../CollabSDK/src/machine.js"
};
static const unsigned char sdk_options_js[] = {
#embed "../CollabSDK/src/options.js"
};
static const unsigned char sdk_order_js[] = {
#embed "../CollabSDK/src/order.js"
};
static const unsigned char sdk_page_js[] = {
#embed "../CollabSDK/src/page.js"
};
static const unsigned char sdk_parents_js[] = {
#embed "../CollabSDK/src/parents.js"
};
static const unsigned char sdk_parts_js[] = {
#embed "../CollabSDK/src/parts.js"
};
static const unsigned char sdk_past_js[] = {
#embed "../CollabSDK/src/past.js"
};
static const unsigned char sdk_pending_js[] = {
#embed "../CollabSDK/src/pending.js"
};
static const unsigned char sdk_projection_js[] = {
#embed "../CollabSDK/src/projection.js"
};
static const unsigned char sdk_records_js[] = {
#embed "../CollabSDK/src/records.js"
};
static const unsigned char sdk_repair_js[] = {
#embed "../CollabSDK/src/repair.js"
};
static const unsigned char sdk_restoring_js[] = {
#embed "../CollabSDK/src/restoring.js"
};
static const unsigned char sdk_run_requests_js[] = {
#embed "../CollabSDK/src/run-requests.js"
};
static const unsigned char sdk_sha256_js[] = {
#embed "../CollabSDK/src/sha256.js"
};
static const unsigned char sdk_snapshot_writer_js[] = {
#embed "../CollabSDK/src/snapshot-writer.js"
};
static const unsigned char sdk_snapshot_js[] = {
#embed "../CollabSDK/src/snapshot.js"
};
static const unsigned char sdk_sorted_js[] = {
#embed "../CollabSDK/src/sorted.js"
};
static const unsigned char sdk_stale_js[] = {
#embed "../CollabSDK/src/stale.js"
};
static const unsigned char sdk_stamp_js[] = {
#embed "../CollabSDK/src/stamp.js"
};
static const unsigned char sdk_state_js[] = {
#embed "../CollabSDK/src/state.js"
};
static const unsigned char sdk_text_js[] = {
#embed "../CollabSDK/src/text.js"
};
static const unsigned char sdk_transaction_js[] = {
#embed "../CollabSDK/src/transaction.js"
};
static const unsigned char sdk_undo_js[] = {
#embed "../CollabSDK/src/undo.js"
};
static const unsigned char sdk_undo_inverse_js[] = {
#embed "../CollabSDK/src/undo-inverse.js"
};
static const unsigned char sdk_undo_step_js[] = {
#embed "../CollabSDK/src/undo-step.js"
};
static const unsigned char sdk_values_js[] = {
#embed "../CollabSDK/src/values.js"
};
static const unsigned char sdk_wire_js[] = {
#embed "../CollabSDK/src/wire.js"
};

#define TEXT "; charset=utf-8"
#define ASSET(file, type, bytes) {file, type, bytes, sizeof bytes}

static const web_canvas_asset assets[] = {
  ASSET("home.html", "text/html" TEXT, home_html),
  ASSET("canvas.html", "text/html" TEXT, canvas_html),
  ASSET("style.css", "text/css" TEXT, style_css),
  ASSET("canvas.css", "text/css" TEXT, canvas_css),
  ASSET("panels.css", "text/css" TEXT, panels_css),
  ASSET("icon.svg", "image/svg+xml", icon_svg),
  ASSET("access.js", "text/javascript" TEXT, access_js),
  ASSET("actions.js", "text/javascript" TEXT, actions_js),
  ASSET("activity.js", "text/javascript" TEXT, activity_js),
  ASSET("aligning.js", "text/javascript" TEXT, aligning_js),
  ASSET("app.js", "text/javascript" TEXT, app_js),
  ASSET("authors.js", "text/javascript" TEXT, authors_js),
  ASSET("chooser.js", "text/javascript" TEXT, chooser_js),
  ASSET("clipboard.js", "text/javascript" TEXT, clipboard_js),
  ASSET("clipping.js", "text/javascript" TEXT, clipping_js),
  ASSET("colours.js", "text/javascript" TEXT, colours_js),
  ASSET("comments-panel.js", "text/javascript" TEXT, comments_panel_js),
  ASSET("comments.js", "text/javascript" TEXT, comments_js),
  ASSET("connect-rules.js", "text/javascript" TEXT, connect_rules_js),
  ASSET("connect.js", "text/javascript" TEXT, connect_js),
  ASSET("context-menu.js", "text/javascript" TEXT, context_menu_js),
  ASSET("corner.js", "text/javascript" TEXT, corner_js),
  ASSET("dom.js", "text/javascript" TEXT, dom_js),
  ASSET("drag.js", "text/javascript" TEXT, drag_js),
  ASSET("drawing.js", "text/javascript" TEXT, drawing_js),
  ASSET("far.js", "text/javascript" TEXT, far_js),
  ASSET("field-values.js", "text/javascript" TEXT, field_values_js),
  ASSET("field.js", "text/javascript" TEXT, field_js),
  ASSET("fitting.js", "text/javascript" TEXT, fitting_js),
  ASSET("follow.js", "text/javascript" TEXT, follow_js),
  ASSET("geometry.js", "text/javascript" TEXT, geometry_js),
  ASSET("gestures.js", "text/javascript" TEXT, gestures_js),
  ASSET("graph.js", "text/javascript" TEXT, graph_js),
  ASSET("heading.js", "text/javascript" TEXT, heading_js),
  ASSET("help.js", "text/javascript" TEXT, help_js),
  ASSET("history-drawing.js", "text/javascript" TEXT, history_drawing_js),
  ASSET("history-panel.js", "text/javascript" TEXT, history_panel_js),
  ASSET("history-words.js", "text/javascript" TEXT, history_words_js),
  ASSET("home.js", "text/javascript" TEXT, home_js),
  ASSET("icons.js", "text/javascript" TEXT, icons_js),
  ASSET("ids.js", "text/javascript" TEXT, ids_js),
  ASSET("inspector-panel.js", "text/javascript" TEXT, inspector_panel_js),
  ASSET("issues.js", "text/javascript" TEXT, issues_js),
  ASSET("keys.js", "text/javascript" TEXT, keys_js),
  ASSET("labels.js", "text/javascript" TEXT, labels_js),
  ASSET("layout.js", "text/javascript" TEXT, layout_js),
  ASSET("main.js", "text/javascript" TEXT, main_js),
  ASSET("menu.js", "text/javascript" TEXT, menu_js),
  ASSET("minimap.js", "text/javascript" TEXT, minimap_js),
  ASSET("notice.js", "text/javascript" TEXT, notice_js),
  ASSET("palette-search.js", "text/javascript" TEXT, palette_search_js),
  ASSET("palette.js", "text/javascript" TEXT, palette_js),
  ASSET("pan.js", "text/javascript" TEXT, pan_js),
  ASSET("people.js", "text/javascript" TEXT, people_js),
  ASSET("pins.js", "text/javascript" TEXT, pins_js),
  ASSET("ports.js", "text/javascript" TEXT, ports_js),
  ASSET("presence.js", "text/javascript" TEXT, presence_js),
  ASSET("quick.js", "text/javascript" TEXT, quick_js),
  ASSET("refusals.js", "text/javascript" TEXT, refusals_js),
  ASSET("home.css", "text/css" TEXT, home_css),
  ASSET("runs.css", "text/css" TEXT, runs_css),
  ASSET("proof.js", "text/javascript" TEXT, proof_js),
  ASSET("rest.js", "text/javascript" TEXT, rest_js),
  ASSET("thumbnail.js", "text/javascript" TEXT, thumbnail_js),
  ASSET("home-dialog.js", "text/javascript" TEXT, home_dialog_js),
  ASSET("home-cards.js", "text/javascript" TEXT, home_cards_js),
  ASSET("home-create.js", "text/javascript" TEXT, home_create_js),
  ASSET("home-import.js", "text/javascript" TEXT, home_import_js),
  ASSET("home-list.js", "text/javascript" TEXT, home_list_js),
  ASSET("examples.js", "text/javascript" TEXT, examples_js),
  ASSET("run-sight.js", "text/javascript" TEXT, run_sight_js),
  ASSET("runs.js", "text/javascript" TEXT, runs_js),
  ASSET("run-values.js", "text/javascript" TEXT, run_values_js),
  ASSET("counting.js", "text/javascript" TEXT, counting_js),
  ASSET("runs-panel.js", "text/javascript" TEXT, runs_panel_js),
  ASSET("save-state.js", "text/javascript" TEXT, save_state_js),
  ASSET("select.js", "text/javascript" TEXT, select_js),
  ASSET("selection.js", "text/javascript" TEXT, selection_js),
  ASSET("settings.js", "text/javascript" TEXT, settings_js),
  ASSET("share.js", "text/javascript" TEXT, share_js),
  ASSET("share-dialog.js", "text/javascript" TEXT, share_dialog_js),
  ASSET("shared.js", "text/javascript" TEXT, shared_js),
  ASSET("side.js", "text/javascript" TEXT, side_js),
  ASSET("theme.js", "text/javascript" TEXT, theme_js),
  ASSET("threads.js", "text/javascript" TEXT, threads_js),
  ASSET("toasts.js", "text/javascript" TEXT, toasts_js),
  ASSET("toolbar.js", "text/javascript" TEXT, toolbar_js),
  ASSET("tools.js", "text/javascript" TEXT, tools_js),
  ASSET("view.js", "text/javascript" TEXT, view_js),
  ASSET("viewport.js", "text/javascript" TEXT, viewport_js),
  ASSET("walk.js", "text/javascript" TEXT, walk_js),
  ASSET("sdk/assembly.js", "text/javascript" TEXT, sdk_assembly_js),
  ASSET("sdk/backoff.js", "text/javascript" TEXT, sdk_backoff_js),
  ASSET("sdk/boards.js", "text/javascript" TEXT, sdk_boards_js),
  ASSET("sdk/bytes.js", "text/javascript" TEXT, sdk_bytes_js),
  ASSET("sdk/catalogue.js", "text/javascript" TEXT, sdk_catalogue_js),
  ASSET("sdk/change.js", "text/javascript" TEXT, sdk_change_js),
  ASSET("sdk/check.js", "text/javascript" TEXT, sdk_check_js),
  ASSET("sdk/client.js", "text/javascript" TEXT, sdk_client_js),
  ASSET("sdk/codec.js", "text/javascript" TEXT, sdk_codec_js),
  ASSET("sdk/connection.js", "text/javascript" TEXT, sdk_connection_js),
  ASSET("sdk/digests.js", "text/javascript" TEXT, sdk_digests_js),
  ASSET("sdk/diff.js", "text/javascript" TEXT, sdk_diff_js),
  ASSET("sdk/document.js", "text/javascript" TEXT, sdk_document_js),
  ASSET("sdk/emitter.js", "text/javascript" TEXT, sdk_emitter_js),
  ASSET("sdk/fingerprints.js", "text/javascript" TEXT, sdk_fingerprints_js),
  ASSET("sdk/fresh-token.js", "text/javascript" TEXT, sdk_fresh_token_js),
  ASSET("sdk/indexeddb.js", "text/javascript" TEXT, sdk_indexeddb_js),
  ASSET("sdk/inflate.js", "text/javascript" TEXT, sdk_inflate_js),
  ASSET("sdk/intake.js", "text/javascript" TEXT, sdk_intake_js),
  ASSET("sdk/issues.js", "text/javascript" TEXT, sdk_issues_js),
  ASSET("sdk/json.js", "text/javascript" TEXT, sdk_json_js),
  ASSET("sdk/keeper.js", "text/javascript" TEXT, sdk_keeper_js),
  ASSET("sdk/link.js", "text/javascript" TEXT, sdk_link_js),
  ASSET("sdk/machine.js", "text/javascript" TEXT, sdk_machine_js),
  ASSET("sdk/options.js", "text/javascript" TEXT, sdk_options_js),
  ASSET("sdk/order.js", "text/javascript" TEXT, sdk_order_js),
  ASSET("sdk/page.js", "text/javascript" TEXT, sdk_page_js),
  ASSET("sdk/parents.js", "text/javascript" TEXT, sdk_parents_js),
  ASSET("sdk/parts.js", "text/javascript" TEXT, sdk_parts_js),
  ASSET("sdk/past.js", "text/javascript" TEXT, sdk_past_js),
  ASSET("sdk/pending.js", "text/javascript" TEXT, sdk_pending_js),
  ASSET("sdk/projection.js", "text/javascript" TEXT, sdk_projection_js),
  ASSET("sdk/records.js", "text/javascript" TEXT, sdk_records_js),
  ASSET("sdk/repair.js", "text/javascript" TEXT, sdk_repair_js),
  ASSET("sdk/restoring.js", "text/javascript" TEXT, sdk_restoring_js),
  ASSET("sdk/run-requests.js", "text/javascript" TEXT, sdk_run_requests_js),
  ASSET("sdk/sha256.js", "text/javascript" TEXT, sdk_sha256_js),
  ASSET("sdk/snapshot-writer.js", "text/javascript" TEXT, sdk_snapshot_writer_js),
  ASSET("sdk/snapshot.js", "text/javascript" TEXT, sdk_snapshot_js),
  ASSET("sdk/sorted.js", "text/javascript" TEXT, sdk_sorted_js),
  ASSET("sdk/stale.js", "text/javascript" TEXT, sdk_stale_js),
  ASSET("sdk/stamp.js", "text/javascript" TEXT, sdk_stamp_js),
  ASSET("sdk/state.js", "text/javascript" TEXT, sdk_state_js),
  ASSET("sdk/text.js", "text/javascript" TEXT, sdk_text_js),
  ASSET("sdk/transaction.js", "text/javascript" TEXT, sdk_transaction_js),
  ASSET("sdk/undo.js", "text/javascript" TEXT, sdk_undo_js),
  ASSET("sdk/undo-inverse.js", "text/javascript" TEXT, sdk_undo_inverse_js),
  ASSET("sdk/undo-step.js", "text/javascript" TEXT, sdk_undo_step_js),
  ASSET("sdk/values.js", "text/javascript" TEXT, sdk_values_js),
  ASSET("sdk/wire.js", "text/javascript" TEXT, sdk_wire_js),
};

const web_canvas_asset *web_canvas_asset_at(size_t index) {
  return index < sizeof assets / sizeof assets[0] ? &assets[index] : NULL;
}
