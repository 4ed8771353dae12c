CREATE TABLE recon.archive_admission_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	archive_id TEXT NOT NULL, 
	file_name TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	reason TEXT, 
	detail TEXT, 
	bytes BIGINT NOT NULL, 
	shape TEXT NOT NULL, 
	signer TEXT, 
	signed_at TIMESTAMP WITH TIME ZONE, 
	lines BIGINT NOT NULL, 
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX archive_admission_key ON recon.archive_admission_history (source, settlement_date, archive_id) WHERE known_to IS NULL;
COMMENT ON TABLE recon.archive_admission_history IS 'A row is one archive seen for a settlement day, admitted or refused. All beliefs, past ones too; the view archive_admission shows today''s.';
COMMENT ON COLUMN recon.archive_admission_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.archive_admission_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.archive_admission_history.archive_id IS 'SHA-256 of the ciphertext, lower-case hex.';
COMMENT ON COLUMN recon.archive_admission_history.file_name IS 'Name under which it was delivered.';
COMMENT ON COLUMN recon.archive_admission_history.verdict IS 'admitted or rejected.';
COMMENT ON COLUMN recon.archive_admission_history.reason IS 'RejectionReason or ArchiveNote code; NULL when plainly admitted.';
COMMENT ON COLUMN recon.archive_admission_history.detail IS 'What was seen and what to do.';
COMMENT ON COLUMN recon.archive_admission_history.bytes IS 'Bytes of ciphertext.';
COMMENT ON COLUMN recon.archive_admission_history.shape IS 'How the message is built, as the source declares it.';
COMMENT ON COLUMN recon.archive_admission_history.signer IS 'Primary fingerprint of the signer, when one was proven.';
COMMENT ON COLUMN recon.archive_admission_history.signed_at IS 'When it was signed.';
COMMENT ON COLUMN recon.archive_admission_history.lines IS 'Lines admitted.';
COMMENT ON COLUMN recon.archive_admission_history.seen_at IS 'When it was judged.';
COMMENT ON COLUMN recon.archive_admission_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.archive_admission_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.bank_match_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	batch_date DATE NOT NULL, 
	batch_id TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT, 
	method TEXT, 
	credit_id TEXT NOT NULL, 
	value_date DATE, 
	owed NUMERIC(24, 6) NOT NULL, 
	credited NUMERIC(24, 6), 
	applied NUMERIC(24, 6), 
	candidates TEXT, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX bank_match_key ON recon.bank_match_history (source, settlement_date, batch_date, batch_id, currency, credit_id) WHERE known_to IS NULL;
COMMENT ON TABLE recon.bank_match_history IS 'A row is one batch that was open at the bank on the settlement day and one credit that pays it, or the batch without one. All beliefs, past ones too; the view bank_match shows today''s.';
COMMENT ON COLUMN recon.bank_match_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.bank_match_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.bank_match_history.batch_date IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.bank_match_history.batch_id IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.bank_match_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.bank_match_history.status IS 'How the batch stands at the bank, a BatchStatus code: balanced or one of bank_*.';
COMMENT ON COLUMN recon.bank_match_history.reason IS 'The BankReason code; NULL for a batch that is balanced.';
COMMENT ON COLUMN recon.bank_match_history.method IS 'The BankMethod code: how credit and batch were brought together; NULL without one.';
COMMENT ON COLUMN recon.bank_match_history.credit_id IS 'The bank credit; ''-'' without one.';
COMMENT ON COLUMN recon.bank_match_history.value_date IS 'Value date of the credit; NULL without one.';
COMMENT ON COLUMN recon.bank_match_history.owed IS 'What the batch should bring: its payout, or without one its net; 0 when it was paid before.';
COMMENT ON COLUMN recon.bank_match_history.credited IS 'Amount of the credit, which may pay other batches too; NULL without one.';
COMMENT ON COLUMN recon.bank_match_history.applied IS 'What of the credit is for this batch; NULL without one.';
COMMENT ON COLUMN recon.bank_match_history.candidates IS 'What else fits, as `credits for batches`, when none is chosen; the first ten.';
COMMENT ON COLUMN recon.bank_match_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.bank_match_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.break_cause_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	scope TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	dimension TEXT NOT NULL, 
	value TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	breaks BIGINT NOT NULL, 
	at_risk NUMERIC(24, 6) NOT NULL, 
	of_breaks BIGINT NOT NULL, 
	of_at_risk NUMERIC(24, 6) NOT NULL, 
	share NUMERIC(9, 6) NOT NULL, 
	base_share NUMERIC(9, 6) NOT NULL, 
	lift NUMERIC(9, 6) NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX break_cause_key ON recon.break_cause_history (source, settlement_date, scope, outcome, dimension, value, currency) WHERE known_to IS NULL;
COMMENT ON TABLE recon.break_cause_history IS 'A row is one thing that breaks of a settlement day share, and one currency of their money. All beliefs, past ones too; the view break_cause shows today''s.';
COMMENT ON COLUMN recon.break_cause_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.break_cause_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.break_cause_history.scope IS 'new: breaks that were none when the day began; open: all of them.';
COMMENT ON COLUMN recon.break_cause_history.outcome IS 'The outcome code of the breaks; any: all outcomes together.';
COMMENT ON COLUMN recon.break_cause_history.dimension IS 'What they share: a CauseDimension code.';
COMMENT ON COLUMN recon.break_cause_history.value IS 'Which one; only the ten with most breaks of each dimension are kept.';
COMMENT ON COLUMN recon.break_cause_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.break_cause_history.breaks IS 'Breaks of this scope and outcome with this value, in this currency.';
COMMENT ON COLUMN recon.break_cause_history.at_risk IS 'Their money at risk.';
COMMENT ON COLUMN recon.break_cause_history.of_breaks IS 'All breaks of this scope and outcome, in whatever currency.';
COMMENT ON COLUMN recon.break_cause_history.of_at_risk IS 'Money at risk of all breaks of this scope and outcome in this currency.';
COMMENT ON COLUMN recon.break_cause_history.share IS 'Breaks with this value in whatever currency, of all breaks.';
COMMENT ON COLUMN recon.break_cause_history.base_share IS 'Items with this value, of all that ought to match and have this dimension.';
COMMENT ON COLUMN recon.break_cause_history.lift IS 'share / base_share, at most 999: how much more often breaks have it than items do.';
COMMENT ON COLUMN recon.break_cause_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.break_cause_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.check_result_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	check_name TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	success BOOLEAN NOT NULL, 
	rows BIGINT NOT NULL, 
	unexpected BIGINT NOT NULL, 
	doc TEXT NOT NULL, 
	checked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX check_result_key ON recon.check_result_history (source, settlement_date, check_name) WHERE known_to IS NULL;
COMMENT ON TABLE recon.check_result_history IS 'A row is one expectation on one settlement day. All beliefs, past ones too; the view check_result shows today''s.';
COMMENT ON COLUMN recon.check_result_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.check_result_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.check_result_history.check_name IS 'Stable name of the expectation.';
COMMENT ON COLUMN recon.check_result_history.severity IS 'critical or warning.';
COMMENT ON COLUMN recon.check_result_history.success IS 'Whether it held.';
COMMENT ON COLUMN recon.check_result_history.rows IS 'Rows looked at.';
COMMENT ON COLUMN recon.check_result_history.unexpected IS 'Rows that broke it.';
COMMENT ON COLUMN recon.check_result_history.doc IS 'What it checks, in words.';
COMMENT ON COLUMN recon.check_result_history.checked_at IS 'When it was run.';
COMMENT ON COLUMN recon.check_result_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.check_result_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.decision (
	decision_id TEXT NOT NULL, 
	source TEXT NOT NULL, 
	item_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	refers_to TEXT, 
	linked_to TEXT, 
	assignee TEXT, 
	outcome TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	expected NUMERIC(24, 6), 
	got NUMERIC(24, 6), 
	delta NUMERIC(24, 6), 
	amount NUMERIC(24, 6) NOT NULL, 
	needs_second BOOLEAN NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE UNIQUE INDEX decision_key ON recon.decision (decision_id);
COMMENT ON TABLE recon.decision IS 'A row is one thing a person said of an item; never changed, never removed.';
COMMENT ON COLUMN recon.decision.decision_id IS 'Id of the decision.';
COMMENT ON COLUMN recon.decision.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.decision.item_id IS 'The item decided on, as in `recon_break`.';
COMMENT ON COLUMN recon.decision.kind IS 'The DecisionKind code.';
COMMENT ON COLUMN recon.decision.reason IS 'Why, in words; no personal data.';
COMMENT ON COLUMN recon.decision.refers_to IS 'For approve and void: the decision that is meant.';
COMMENT ON COLUMN recon.decision.linked_to IS 'For link: the order id, or the item id, it belongs to.';
COMMENT ON COLUMN recon.decision.assignee IS 'For assign: the login of whoever looks after it.';
COMMENT ON COLUMN recon.decision.outcome IS 'Outcome of the item when it was decided on.';
COMMENT ON COLUMN recon.decision.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.decision.expected IS 'What the order said then.';
COMMENT ON COLUMN recon.decision.got IS 'What the line said then.';
COMMENT ON COLUMN recon.decision.delta IS 'got - expected then.';
COMMENT ON COLUMN recon.decision.amount IS 'Money decided on: what was at risk, or else what the item is about.';
COMMENT ON COLUMN recon.decision.needs_second IS 'Whether it counts only once somebody else has approved it.';
COMMENT ON COLUMN recon.decision.decided_by IS 'Login of the person; never an e-mail address.';
COMMENT ON COLUMN recon.decision.decided_at IS 'When.';
CREATE TABLE recon.fee_audit_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	currency TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	payments BIGINT NOT NULL, 
	deviating BIGINT NOT NULL, 
	gross NUMERIC(24, 6) NOT NULL, 
	fee_contract NUMERIC(24, 6) NOT NULL, 
	fee_charged NUMERIC(24, 6) NOT NULL, 
	tax_contract NUMERIC(24, 6) NOT NULL, 
	tax_charged NUMERIC(24, 6) NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX fee_audit_key ON recon.fee_audit_history (source, settlement_date, currency, channel) WHERE known_to IS NULL;
COMMENT ON TABLE recon.fee_audit_history IS 'A row is one settlement day, currency and channel. All beliefs, past ones too; the view fee_audit shows today''s.';
COMMENT ON COLUMN recon.fee_audit_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.fee_audit_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.fee_audit_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.fee_audit_history.channel IS 'Where it was paid; ''-'' for lines without a channel.';
COMMENT ON COLUMN recon.fee_audit_history.payments IS 'Payment lines.';
COMMENT ON COLUMN recon.fee_audit_history.deviating IS 'Payment lines whose fee or tax is not the contract''s.';
COMMENT ON COLUMN recon.fee_audit_history.gross IS 'Sum of gross of the payments.';
COMMENT ON COLUMN recon.fee_audit_history.fee_contract IS 'Sum of fees by the contract in force.';
COMMENT ON COLUMN recon.fee_audit_history.fee_charged IS 'Sum of fees charged.';
COMMENT ON COLUMN recon.fee_audit_history.tax_contract IS 'Sum of tax by the contract in force.';
COMMENT ON COLUMN recon.fee_audit_history.tax_charged IS 'Sum of tax charged.';
COMMENT ON COLUMN recon.fee_audit_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.fee_audit_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.incident (
	incident_id TEXT NOT NULL, 
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	title TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	money TEXT, 
	keys TEXT, 
	runbook TEXT NOT NULL, 
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	recovered_at TIMESTAMP WITH TIME ZONE, 
	times BIGINT NOT NULL
);
CREATE UNIQUE INDEX incident_key ON recon.incident (incident_id);
COMMENT ON TABLE recon.incident IS 'A row is one incident: a source, a settlement day and a kind.';
COMMENT ON COLUMN recon.incident.incident_id IS 'Stable id: the same trouble of the same day keeps it.';
COMMENT ON COLUMN recon.incident.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.incident.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.incident.kind IS 'The IncidentKind code.';
COMMENT ON COLUMN recon.incident.state IS 'open or recovered.';
COMMENT ON COLUMN recon.incident.title IS 'One line for the pager.';
COMMENT ON COLUMN recon.incident.cause IS 'What happened, in words; no personal data.';
COMMENT ON COLUMN recon.incident.count IS 'Items concerned.';
COMMENT ON COLUMN recon.incident.money IS 'Money at risk, such as ''PEN 1,204.50''; NULL when unknown.';
COMMENT ON COLUMN recon.incident.keys IS 'First few item ids or codes, comma separated.';
COMMENT ON COLUMN recon.incident.runbook IS 'Address of the run book.';
COMMENT ON COLUMN recon.incident.opened_at IS 'When it was first seen.';
COMMENT ON COLUMN recon.incident.updated_at IS 'When it last changed.';
COMMENT ON COLUMN recon.incident.recovered_at IS 'When it recovered; NULL while open.';
COMMENT ON COLUMN recon.incident.times IS 'How often it was seen.';
CREATE TABLE recon.payout_bridge_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	batch_date DATE NOT NULL, 
	batch_id TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	step_no BIGINT NOT NULL, 
	step TEXT NOT NULL, 
	amount NUMERIC(24, 6) NOT NULL, 
	total NUMERIC(24, 6) NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX payout_bridge_key ON recon.payout_bridge_history (source, settlement_date, batch_date, batch_id, currency, step) WHERE known_to IS NULL;
COMMENT ON TABLE recon.payout_bridge_history IS 'A row is one step from the gross of a batch to what the bank credited. All beliefs, past ones too; the view payout_bridge shows today''s.';
COMMENT ON COLUMN recon.payout_bridge_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.payout_bridge_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.payout_bridge_history.batch_date IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.payout_bridge_history.batch_id IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.payout_bridge_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.payout_bridge_history.step_no IS 'Place of the step, in ascending order.';
COMMENT ON COLUMN recon.payout_bridge_history.step IS 'gross, fees, tax, refunds, reversals, chargebacks, chargeback_reversals, adjustments, rounding, net, payout, bank, unexplained; for a batch of an earlier day carried, bank, unexplained.';
COMMENT ON COLUMN recon.payout_bridge_history.amount IS 'What the step adds, in the currency of the settlement. For net and payout what the steps before do not explain, 0 when all is well; bank takes away what was credited; unexplained is the rest, so that the walk ends at 0.';
COMMENT ON COLUMN recon.payout_bridge_history.total IS 'The sum of this step''s amount and all before it.';
COMMENT ON COLUMN recon.payout_bridge_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.payout_bridge_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.recon_break_history (
	source TEXT NOT NULL, 
	item_id TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	status TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	reasons JSONB NOT NULL, 
	archive_id TEXT, 
	line_no BIGINT, 
	order_id TEXT, 
	psp_reference TEXT, 
	merchant_reference TEXT, 
	batch_id TEXT, 
	currency TEXT NOT NULL, 
	expected NUMERIC(24, 6), 
	got NUMERIC(24, 6), 
	delta NUMERIC(24, 6), 
	at_risk NUMERIC(24, 6) NOT NULL, 
	first_seen DATE NOT NULL, 
	closed_on DATE, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX recon_break_key ON recon.recon_break_history (source, item_id, settlement_date) WHERE known_to IS NULL;
COMMENT ON TABLE recon.recon_break_history IS 'A row is one break, open or closed, as it stands after its latest settlement day. All beliefs, past ones too; the view recon_break shows today''s.';
COMMENT ON COLUMN recon.recon_break_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_break_history.item_id IS 'Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.';
COMMENT ON COLUMN recon.recon_break_history.settlement_date IS 'The settlement day that last changed the item.';
COMMENT ON COLUMN recon.recon_break_history.status IS 'open or closed.';
COMMENT ON COLUMN recon.recon_break_history.outcome IS 'The break''s outcome code; for a closed item, its last one as a break.';
COMMENT ON COLUMN recon.recon_break_history.reasons IS 'All that is wrong: {code, field, expected, got, delta}.';
COMMENT ON COLUMN recon.recon_break_history.archive_id IS 'SHA-256 of the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_break_history.line_no IS 'Body record in the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_break_history.order_id IS 'The order claimed, or the order without a line.';
COMMENT ON COLUMN recon.recon_break_history.psp_reference IS 'The provider''s reference: a CIP for PagoEfectivo. Empty is NULL.';
COMMENT ON COLUMN recon.recon_break_history.merchant_reference IS 'The merchant''s reference: the order id.';
COMMENT ON COLUMN recon.recon_break_history.batch_id IS 'The provider''s batch.';
COMMENT ON COLUMN recon.recon_break_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_break_history.expected IS 'What the order says; NULL without an order.';
COMMENT ON COLUMN recon.recon_break_history.got IS 'The line''s gross; NULL without a line.';
COMMENT ON COLUMN recon.recon_break_history.delta IS 'got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.';
COMMENT ON COLUMN recon.recon_break_history.at_risk IS 'Money the break leaves unreconciled, never negative.';
COMMENT ON COLUMN recon.recon_break_history.first_seen IS 'Settlement date on which the item first appeared.';
COMMENT ON COLUMN recon.recon_break_history.closed_on IS 'Settlement day on which it closed; NULL while open.';
COMMENT ON COLUMN recon.recon_break_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.recon_break_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.recon_daily_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	currency TEXT NOT NULL, 
	lines BIGINT NOT NULL, 
	items BIGINT NOT NULL, 
	matchable BIGINT NOT NULL, 
	matched BIGINT NOT NULL, 
	variances BIGINT NOT NULL, 
	breaks BIGINT NOT NULL, 
	pending BIGINT NOT NULL, 
	match_rate_count NUMERIC(9, 6), 
	match_rate_money NUMERIC(9, 6), 
	matched_money NUMERIC(24, 6) NOT NULL, 
	unreconciled NUMERIC(24, 6) NOT NULL, 
	gross NUMERIC(24, 6) NOT NULL, 
	fee NUMERIC(24, 6) NOT NULL, 
	tax NUMERIC(24, 6) NOT NULL, 
	net NUMERIC(24, 6) NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX recon_daily_key ON recon.recon_daily_history (source, settlement_date, currency) WHERE known_to IS NULL;
COMMENT ON TABLE recon.recon_daily_history IS 'A row is one source, settlement day and currency. All beliefs, past ones too; the view recon_daily shows today''s.';
COMMENT ON COLUMN recon.recon_daily_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_daily_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_daily_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_daily_history.lines IS 'Lines admitted for the day.';
COMMENT ON COLUMN recon.recon_daily_history.items IS 'Outcome rows, carried items included.';
COMMENT ON COLUMN recon.recon_daily_history.matchable IS 'Items that ought to match: all but pending and not_an_order.';
COMMENT ON COLUMN recon.recon_daily_history.matched IS 'Items matched, with or without variance.';
COMMENT ON COLUMN recon.recon_daily_history.variances IS 'Of these, matched with a variance.';
COMMENT ON COLUMN recon.recon_daily_history.breaks IS 'Items that are breaks.';
COMMENT ON COLUMN recon.recon_daily_history.pending IS 'Orders not yet due.';
COMMENT ON COLUMN recon.recon_daily_history.match_rate_count IS 'matched / matchable; NULL when nothing ought to match.';
COMMENT ON COLUMN recon.recon_daily_history.match_rate_money IS 'The same by money; NULL when no money ought to match.';
COMMENT ON COLUMN recon.recon_daily_history.matched_money IS 'Absolute money of matched items.';
COMMENT ON COLUMN recon.recon_daily_history.unreconciled IS 'Money at risk in breaks.';
COMMENT ON COLUMN recon.recon_daily_history.gross IS 'Sum of gross of the day''s lines, payouts left out.';
COMMENT ON COLUMN recon.recon_daily_history.fee IS 'Sum of fees of the day''s lines.';
COMMENT ON COLUMN recon.recon_daily_history.tax IS 'Sum of tax of the day''s lines.';
COMMENT ON COLUMN recon.recon_daily_history.net IS 'Sum of net of the day''s lines, payouts left out.';
COMMENT ON COLUMN recon.recon_daily_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.recon_daily_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.recon_line_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	item_id TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	reasons JSONB NOT NULL, 
	archive_id TEXT, 
	line_no BIGINT, 
	line_type TEXT, 
	batch_id TEXT, 
	order_id TEXT, 
	psp_reference TEXT, 
	operation_reference TEXT, 
	merchant_reference TEXT, 
	currency TEXT NOT NULL, 
	expected NUMERIC(24, 6), 
	got NUMERIC(24, 6), 
	delta NUMERIC(24, 6), 
	fee NUMERIC(24, 6), 
	tax NUMERIC(24, 6), 
	net NUMERIC(24, 6), 
	occurred_at TIMESTAMP WITH TIME ZONE, 
	pass TEXT, 
	first_seen DATE NOT NULL, 
	age_days BIGINT NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
)
 WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
CREATE INDEX recon_line_day ON recon.recon_line_history USING brin (source, settlement_date date_minmax_multi_ops);
CREATE INDEX recon_line_reference ON recon.recon_line_history USING brin (order_id text_bloom_ops, psp_reference text_bloom_ops, merchant_reference text_bloom_ops, operation_reference text_bloom_ops) WITH (pages_per_range = 8);
COMMENT ON TABLE recon.recon_line_history IS 'A row is one outcome of one settlement day, with the line''s own columns. All beliefs, past ones too; the view recon_line shows today''s.';
COMMENT ON COLUMN recon.recon_line_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_line_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_line_history.item_id IS 'Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.';
COMMENT ON COLUMN recon.recon_line_history.outcome IS 'The Outcome code.';
COMMENT ON COLUMN recon.recon_line_history.reasons IS 'All that is wrong: {code, field, expected, got, delta}.';
COMMENT ON COLUMN recon.recon_line_history.archive_id IS 'SHA-256 of the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.line_no IS 'Body record in the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.line_type IS 'The LineType code; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.batch_id IS 'The provider''s batch.';
COMMENT ON COLUMN recon.recon_line_history.order_id IS 'The order claimed, or the order without a line.';
COMMENT ON COLUMN recon.recon_line_history.psp_reference IS 'The provider''s reference: a CIP for PagoEfectivo. Empty is NULL.';
COMMENT ON COLUMN recon.recon_line_history.operation_reference IS 'The provider''s operation number.';
COMMENT ON COLUMN recon.recon_line_history.merchant_reference IS 'The merchant''s reference: the order id.';
COMMENT ON COLUMN recon.recon_line_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_line_history.expected IS 'What the order says; NULL without an order.';
COMMENT ON COLUMN recon.recon_line_history.got IS 'The line''s gross; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.delta IS 'got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.';
COMMENT ON COLUMN recon.recon_line_history.fee IS 'The provider''s fee; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.tax IS 'Tax on the fee; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.net IS 'gross - fee - tax; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.occurred_at IS 'When the buyer paid; NULL without a line.';
COMMENT ON COLUMN recon.recon_line_history.pass IS 'The pass that paired line and order.';
COMMENT ON COLUMN recon.recon_line_history.first_seen IS 'Settlement date on which the item first appeared.';
COMMENT ON COLUMN recon.recon_line_history.age_days IS 'Days from first_seen to this settlement date.';
COMMENT ON COLUMN recon.recon_line_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.recon_line_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.recon_suggestion_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	item_id TEXT NOT NULL, 
	suggested_item_id TEXT NOT NULL, 
	choice BIGINT NOT NULL, 
	score NUMERIC(9, 6) NOT NULL, 
	reasons JSONB NOT NULL, 
	order_id TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	expected NUMERIC(24, 6) NOT NULL, 
	got NUMERIC(24, 6) NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX recon_suggestion_key ON recon.recon_suggestion_history (source, settlement_date, item_id, suggested_item_id) WHERE known_to IS NULL;
COMMENT ON TABLE recon.recon_suggestion_history IS 'A row is one open order that an open line may mean on a settlement day, of the 100,000 youngest open lines and orders; it changes no outcome. All beliefs, past ones too; the view recon_suggestion shows today''s.';
COMMENT ON COLUMN recon.recon_suggestion_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_suggestion_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_suggestion_history.item_id IS 'The open line: the item id of its outcome.';
COMMENT ON COLUMN recon.recon_suggestion_history.suggested_item_id IS 'The open order: the item id of its outcome.';
COMMENT ON COLUMN recon.recon_suggestion_history.choice IS 'Place among the line''s suggestions; 1 is the best.';
COMMENT ON COLUMN recon.recon_suggestion_history.score IS 'How much speaks for it, in hundredths; only 0.40 and more is suggested.';
COMMENT ON COLUMN recon.recon_suggestion_history.reasons IS 'The Evidence codes: expected is the order''s, got the line''s.';
COMMENT ON COLUMN recon.recon_suggestion_history.order_id IS 'The order suggested.';
COMMENT ON COLUMN recon.recon_suggestion_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_suggestion_history.expected IS 'What the order says.';
COMMENT ON COLUMN recon.recon_suggestion_history.got IS 'The line''s gross.';
COMMENT ON COLUMN recon.recon_suggestion_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.recon_suggestion_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.reopening (
	source TEXT NOT NULL, 
	item_id TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	reopened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	cause TEXT NOT NULL, 
	cleared_as TEXT, 
	archive_id TEXT, 
	replaced_by TEXT
);
CREATE UNIQUE INDEX reopening_key ON recon.reopening (source, item_id, settlement_date, reopened_at);
COMMENT ON TABLE recon.reopening IS 'A row is one time that an item which had been cleared came open again.';
COMMENT ON COLUMN recon.reopening.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.reopening.item_id IS 'The item, as in `recon_break`.';
COMMENT ON COLUMN recon.reopening.settlement_date IS 'The settlement day whose publication opened it again.';
COMMENT ON COLUMN recon.reopening.reopened_at IS 'When that was; `known_from` of the break.';
COMMENT ON COLUMN recon.reopening.cause IS 'The ReopeningCause code.';
COMMENT ON COLUMN recon.reopening.cleared_as IS 'Outcome it had been cleared with; NULL when the warehouse does not hold it.';
COMMENT ON COLUMN recon.reopening.archive_id IS 'Archive of the line that had cleared it; NULL likewise.';
COMMENT ON COLUMN recon.reopening.replaced_by IS 'For file_restated: the archives that took its place, comma separated.';
CREATE TABLE recon.run_receipt_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	as_of TIMESTAMP WITH TIME ZONE NOT NULL, 
	archives BIGINT NOT NULL, 
	lines BIGINT NOT NULL, 
	items BIGINT NOT NULL, 
	snapshot_hash TEXT NOT NULL, 
	outcome_hash TEXT NOT NULL, 
	mart_hash TEXT NOT NULL, 
	seal TEXT NOT NULL, 
	published_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX run_receipt_key ON recon.run_receipt_history (source, settlement_date) WHERE known_to IS NULL;
COMMENT ON TABLE recon.run_receipt_history IS 'A row is one publication of one settlement day. All beliefs, past ones too; the view run_receipt shows today''s.';
COMMENT ON COLUMN recon.run_receipt_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.run_receipt_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.run_receipt_history.as_of IS 'The moment the day was judged at.';
COMMENT ON COLUMN recon.run_receipt_history.archives IS 'Archives admitted.';
COMMENT ON COLUMN recon.run_receipt_history.lines IS 'Lines admitted.';
COMMENT ON COLUMN recon.run_receipt_history.items IS 'Outcome rows.';
COMMENT ON COLUMN recon.run_receipt_history.snapshot_hash IS 'SHA-256 of the order snapshot.';
COMMENT ON COLUMN recon.run_receipt_history.outcome_hash IS 'SHA-256 of the outcomes.';
COMMENT ON COLUMN recon.run_receipt_history.mart_hash IS 'SHA-256 over what the rows follow from: the outcomes'' hash, the day''s lines, the SQL models, and the rows of every mart but recon_line.';
COMMENT ON COLUMN recon.run_receipt_history.seal IS 'SHA-256 over what the rows were made from, by which code and rules, and the sums read back: where it is the same again, nothing has to be made.';
COMMENT ON COLUMN recon.run_receipt_history.published_at IS 'When it was committed.';
COMMENT ON COLUMN recon.run_receipt_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.run_receipt_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE TABLE recon.settlement_batch_history (
	source TEXT NOT NULL, 
	settlement_date DATE NOT NULL, 
	batch_date DATE NOT NULL, 
	batch_id TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	status TEXT NOT NULL, 
	lines BIGINT NOT NULL, 
	gross NUMERIC(24, 6) NOT NULL, 
	fee NUMERIC(24, 6) NOT NULL, 
	tax NUMERIC(24, 6) NOT NULL, 
	net NUMERIC(24, 6) NOT NULL, 
	payout NUMERIC(24, 6), 
	bank_amount NUMERIC(24, 6), 
	credit_id TEXT, 
	value_date DATE, 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_to TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX settlement_batch_key ON recon.settlement_batch_history (source, settlement_date, batch_date, batch_id, currency) WHERE known_to IS NULL;
COMMENT ON TABLE recon.settlement_batch_history IS 'A row is one provider batch and currency of a settlement day, or of an earlier one that was still open at the bank. All beliefs, past ones too; the view settlement_batch shows today''s.';
COMMENT ON COLUMN recon.settlement_batch_history.source IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.settlement_batch_history.settlement_date IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.settlement_batch_history.batch_date IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.settlement_batch_history.batch_id IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.settlement_batch_history.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.settlement_batch_history.status IS 'The BatchStatus code.';
COMMENT ON COLUMN recon.settlement_batch_history.lines IS 'Lines of the batch, payouts left out.';
COMMENT ON COLUMN recon.settlement_batch_history.gross IS 'Sum of gross, payouts left out.';
COMMENT ON COLUMN recon.settlement_batch_history.fee IS 'Sum of fees.';
COMMENT ON COLUMN recon.settlement_batch_history.tax IS 'Sum of tax.';
COMMENT ON COLUMN recon.settlement_batch_history.net IS 'Sum of net, payouts left out: what is owed to the merchant.';
COMMENT ON COLUMN recon.settlement_batch_history.payout IS 'What the payout line says was paid, positive; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch_history.bank_amount IS 'What bank credits bring for the batch; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch_history.credit_id IS 'The bank credits, comma separated; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch_history.value_date IS 'Value date of the last of them.';
COMMENT ON COLUMN recon.settlement_batch_history.known_from IS 'Since when this row is believed.';
COMMENT ON COLUMN recon.settlement_batch_history.known_to IS 'Until when it was believed; NULL for today''s belief.';
CREATE VIEW recon.recon_line AS SELECT h."source", h."settlement_date", h."item_id", h."outcome", h."reasons", h."archive_id", h."line_no", h."line_type", h."batch_id", h."order_id", h."psp_reference", h."operation_reference", h."merchant_reference", h."currency", h."expected", h."got", h."delta", h."fee", h."tax", h."net", h."occurred_at", h."pass", h."first_seen", h."age_days", h."known_from" FROM recon.recon_line_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.recon_line IS 'A row is one outcome of one settlement day, with the line''s own columns. As believed today.';
COMMENT ON COLUMN recon.recon_line."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_line."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_line."item_id" IS 'Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.';
COMMENT ON COLUMN recon.recon_line."outcome" IS 'The Outcome code.';
COMMENT ON COLUMN recon.recon_line."reasons" IS 'All that is wrong: {code, field, expected, got, delta}.';
COMMENT ON COLUMN recon.recon_line."archive_id" IS 'SHA-256 of the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."line_no" IS 'Body record in the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."line_type" IS 'The LineType code; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."batch_id" IS 'The provider''s batch.';
COMMENT ON COLUMN recon.recon_line."order_id" IS 'The order claimed, or the order without a line.';
COMMENT ON COLUMN recon.recon_line."psp_reference" IS 'The provider''s reference: a CIP for PagoEfectivo. Empty is NULL.';
COMMENT ON COLUMN recon.recon_line."operation_reference" IS 'The provider''s operation number.';
COMMENT ON COLUMN recon.recon_line."merchant_reference" IS 'The merchant''s reference: the order id.';
COMMENT ON COLUMN recon.recon_line."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_line."expected" IS 'What the order says; NULL without an order.';
COMMENT ON COLUMN recon.recon_line."got" IS 'The line''s gross; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."delta" IS 'got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.';
COMMENT ON COLUMN recon.recon_line."fee" IS 'The provider''s fee; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."tax" IS 'Tax on the fee; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."net" IS 'gross - fee - tax; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."occurred_at" IS 'When the buyer paid; NULL without a line.';
COMMENT ON COLUMN recon.recon_line."pass" IS 'The pass that paired line and order.';
COMMENT ON COLUMN recon.recon_line."first_seen" IS 'Settlement date on which the item first appeared.';
COMMENT ON COLUMN recon.recon_line."age_days" IS 'Days from first_seen to this settlement date.';
COMMENT ON COLUMN recon.recon_line."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.recon_break AS SELECT DISTINCT ON (h.source, h.item_id) h."source", h."item_id", h."settlement_date", h."status", h."outcome", h."reasons", h."archive_id", h."line_no", h."order_id", h."psp_reference", h."merchant_reference", h."batch_id", h."currency", h."expected", h."got", h."delta", h."at_risk", h."first_seen", h."closed_on", h."known_from" FROM recon.recon_break_history AS h WHERE h.known_to IS NULL ORDER BY h.source, h.item_id, h.settlement_date DESC;
COMMENT ON VIEW recon.recon_break IS 'A row is one break, open or closed, as it stands after its latest settlement day. As believed today.';
COMMENT ON COLUMN recon.recon_break."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_break."item_id" IS 'Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.';
COMMENT ON COLUMN recon.recon_break."settlement_date" IS 'The settlement day that last changed the item.';
COMMENT ON COLUMN recon.recon_break."status" IS 'open or closed.';
COMMENT ON COLUMN recon.recon_break."outcome" IS 'The break''s outcome code; for a closed item, its last one as a break.';
COMMENT ON COLUMN recon.recon_break."reasons" IS 'All that is wrong: {code, field, expected, got, delta}.';
COMMENT ON COLUMN recon.recon_break."archive_id" IS 'SHA-256 of the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_break."line_no" IS 'Body record in the archive; NULL without a line.';
COMMENT ON COLUMN recon.recon_break."order_id" IS 'The order claimed, or the order without a line.';
COMMENT ON COLUMN recon.recon_break."psp_reference" IS 'The provider''s reference: a CIP for PagoEfectivo. Empty is NULL.';
COMMENT ON COLUMN recon.recon_break."merchant_reference" IS 'The merchant''s reference: the order id.';
COMMENT ON COLUMN recon.recon_break."batch_id" IS 'The provider''s batch.';
COMMENT ON COLUMN recon.recon_break."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_break."expected" IS 'What the order says; NULL without an order.';
COMMENT ON COLUMN recon.recon_break."got" IS 'The line''s gross; NULL without a line.';
COMMENT ON COLUMN recon.recon_break."delta" IS 'got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.';
COMMENT ON COLUMN recon.recon_break."at_risk" IS 'Money the break leaves unreconciled, never negative.';
COMMENT ON COLUMN recon.recon_break."first_seen" IS 'Settlement date on which the item first appeared.';
COMMENT ON COLUMN recon.recon_break."closed_on" IS 'Settlement day on which it closed; NULL while open.';
COMMENT ON COLUMN recon.recon_break."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.recon_daily AS SELECT h."source", h."settlement_date", h."currency", h."lines", h."items", h."matchable", h."matched", h."variances", h."breaks", h."pending", h."match_rate_count", h."match_rate_money", h."matched_money", h."unreconciled", h."gross", h."fee", h."tax", h."net", h."known_from" FROM recon.recon_daily_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.recon_daily IS 'A row is one source, settlement day and currency. As believed today.';
COMMENT ON COLUMN recon.recon_daily."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_daily."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_daily."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_daily."lines" IS 'Lines admitted for the day.';
COMMENT ON COLUMN recon.recon_daily."items" IS 'Outcome rows, carried items included.';
COMMENT ON COLUMN recon.recon_daily."matchable" IS 'Items that ought to match: all but pending and not_an_order.';
COMMENT ON COLUMN recon.recon_daily."matched" IS 'Items matched, with or without variance.';
COMMENT ON COLUMN recon.recon_daily."variances" IS 'Of these, matched with a variance.';
COMMENT ON COLUMN recon.recon_daily."breaks" IS 'Items that are breaks.';
COMMENT ON COLUMN recon.recon_daily."pending" IS 'Orders not yet due.';
COMMENT ON COLUMN recon.recon_daily."match_rate_count" IS 'matched / matchable; NULL when nothing ought to match.';
COMMENT ON COLUMN recon.recon_daily."match_rate_money" IS 'The same by money; NULL when no money ought to match.';
COMMENT ON COLUMN recon.recon_daily."matched_money" IS 'Absolute money of matched items.';
COMMENT ON COLUMN recon.recon_daily."unreconciled" IS 'Money at risk in breaks.';
COMMENT ON COLUMN recon.recon_daily."gross" IS 'Sum of gross of the day''s lines, payouts left out.';
COMMENT ON COLUMN recon.recon_daily."fee" IS 'Sum of fees of the day''s lines.';
COMMENT ON COLUMN recon.recon_daily."tax" IS 'Sum of tax of the day''s lines.';
COMMENT ON COLUMN recon.recon_daily."net" IS 'Sum of net of the day''s lines, payouts left out.';
COMMENT ON COLUMN recon.recon_daily."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.settlement_batch AS SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."status", h."lines", h."gross", h."fee", h."tax", h."net", h."payout", h."bank_amount", h."credit_id", h."value_date", h."known_from" FROM recon.settlement_batch_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.settlement_batch IS 'A row is one provider batch and currency of a settlement day, or of an earlier one that was still open at the bank. As believed today.';
COMMENT ON COLUMN recon.settlement_batch."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.settlement_batch."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.settlement_batch."batch_date" IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.settlement_batch."batch_id" IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.settlement_batch."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.settlement_batch."status" IS 'The BatchStatus code.';
COMMENT ON COLUMN recon.settlement_batch."lines" IS 'Lines of the batch, payouts left out.';
COMMENT ON COLUMN recon.settlement_batch."gross" IS 'Sum of gross, payouts left out.';
COMMENT ON COLUMN recon.settlement_batch."fee" IS 'Sum of fees.';
COMMENT ON COLUMN recon.settlement_batch."tax" IS 'Sum of tax.';
COMMENT ON COLUMN recon.settlement_batch."net" IS 'Sum of net, payouts left out: what is owed to the merchant.';
COMMENT ON COLUMN recon.settlement_batch."payout" IS 'What the payout line says was paid, positive; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch."bank_amount" IS 'What bank credits bring for the batch; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch."credit_id" IS 'The bank credits, comma separated; NULL without one.';
COMMENT ON COLUMN recon.settlement_batch."value_date" IS 'Value date of the last of them.';
COMMENT ON COLUMN recon.settlement_batch."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.bank_match AS SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."status", h."reason", h."method", h."credit_id", h."value_date", h."owed", h."credited", h."applied", h."candidates", h."known_from" FROM recon.bank_match_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.bank_match IS 'A row is one batch that was open at the bank on the settlement day and one credit that pays it, or the batch without one. As believed today.';
COMMENT ON COLUMN recon.bank_match."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.bank_match."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.bank_match."batch_date" IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.bank_match."batch_id" IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.bank_match."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.bank_match."status" IS 'How the batch stands at the bank, a BatchStatus code: balanced or one of bank_*.';
COMMENT ON COLUMN recon.bank_match."reason" IS 'The BankReason code; NULL for a batch that is balanced.';
COMMENT ON COLUMN recon.bank_match."method" IS 'The BankMethod code: how credit and batch were brought together; NULL without one.';
COMMENT ON COLUMN recon.bank_match."credit_id" IS 'The bank credit; ''-'' without one.';
COMMENT ON COLUMN recon.bank_match."value_date" IS 'Value date of the credit; NULL without one.';
COMMENT ON COLUMN recon.bank_match."owed" IS 'What the batch should bring: its payout, or without one its net; 0 when it was paid before.';
COMMENT ON COLUMN recon.bank_match."credited" IS 'Amount of the credit, which may pay other batches too; NULL without one.';
COMMENT ON COLUMN recon.bank_match."applied" IS 'What of the credit is for this batch; NULL without one.';
COMMENT ON COLUMN recon.bank_match."candidates" IS 'What else fits, as `credits for batches`, when none is chosen; the first ten.';
COMMENT ON COLUMN recon.bank_match."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.payout_bridge AS SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."step_no", h."step", h."amount", h."total", h."known_from" FROM recon.payout_bridge_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.payout_bridge IS 'A row is one step from the gross of a batch to what the bank credited. As believed today.';
COMMENT ON COLUMN recon.payout_bridge."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.payout_bridge."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.payout_bridge."batch_date" IS 'Settlement day of the batch; an earlier one for a batch carried over.';
COMMENT ON COLUMN recon.payout_bridge."batch_id" IS 'The provider''s batch; ''-'' collects lines without one.';
COMMENT ON COLUMN recon.payout_bridge."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.payout_bridge."step_no" IS 'Place of the step, in ascending order.';
COMMENT ON COLUMN recon.payout_bridge."step" IS 'gross, fees, tax, refunds, reversals, chargebacks, chargeback_reversals, adjustments, rounding, net, payout, bank, unexplained; for a batch of an earlier day carried, bank, unexplained.';
COMMENT ON COLUMN recon.payout_bridge."amount" IS 'What the step adds, in the currency of the settlement. For net and payout what the steps before do not explain, 0 when all is well; bank takes away what was credited; unexplained is the rest, so that the walk ends at 0.';
COMMENT ON COLUMN recon.payout_bridge."total" IS 'The sum of this step''s amount and all before it.';
COMMENT ON COLUMN recon.payout_bridge."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.fee_audit AS SELECT h."source", h."settlement_date", h."currency", h."channel", h."payments", h."deviating", h."gross", h."fee_contract", h."fee_charged", h."tax_contract", h."tax_charged", h."known_from" FROM recon.fee_audit_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.fee_audit IS 'A row is one settlement day, currency and channel. As believed today.';
COMMENT ON COLUMN recon.fee_audit."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.fee_audit."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.fee_audit."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.fee_audit."channel" IS 'Where it was paid; ''-'' for lines without a channel.';
COMMENT ON COLUMN recon.fee_audit."payments" IS 'Payment lines.';
COMMENT ON COLUMN recon.fee_audit."deviating" IS 'Payment lines whose fee or tax is not the contract''s.';
COMMENT ON COLUMN recon.fee_audit."gross" IS 'Sum of gross of the payments.';
COMMENT ON COLUMN recon.fee_audit."fee_contract" IS 'Sum of fees by the contract in force.';
COMMENT ON COLUMN recon.fee_audit."fee_charged" IS 'Sum of fees charged.';
COMMENT ON COLUMN recon.fee_audit."tax_contract" IS 'Sum of tax by the contract in force.';
COMMENT ON COLUMN recon.fee_audit."tax_charged" IS 'Sum of tax charged.';
COMMENT ON COLUMN recon.fee_audit."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.archive_admission AS SELECT h."source", h."settlement_date", h."archive_id", h."file_name", h."verdict", h."reason", h."detail", h."bytes", h."shape", h."signer", h."signed_at", h."lines", h."seen_at", h."known_from" FROM recon.archive_admission_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.archive_admission IS 'A row is one archive seen for a settlement day, admitted or refused. As believed today.';
COMMENT ON COLUMN recon.archive_admission."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.archive_admission."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.archive_admission."archive_id" IS 'SHA-256 of the ciphertext, lower-case hex.';
COMMENT ON COLUMN recon.archive_admission."file_name" IS 'Name under which it was delivered.';
COMMENT ON COLUMN recon.archive_admission."verdict" IS 'admitted or rejected.';
COMMENT ON COLUMN recon.archive_admission."reason" IS 'RejectionReason or ArchiveNote code; NULL when plainly admitted.';
COMMENT ON COLUMN recon.archive_admission."detail" IS 'What was seen and what to do.';
COMMENT ON COLUMN recon.archive_admission."bytes" IS 'Bytes of ciphertext.';
COMMENT ON COLUMN recon.archive_admission."shape" IS 'How the message is built, as the source declares it.';
COMMENT ON COLUMN recon.archive_admission."signer" IS 'Primary fingerprint of the signer, when one was proven.';
COMMENT ON COLUMN recon.archive_admission."signed_at" IS 'When it was signed.';
COMMENT ON COLUMN recon.archive_admission."lines" IS 'Lines admitted.';
COMMENT ON COLUMN recon.archive_admission."seen_at" IS 'When it was judged.';
COMMENT ON COLUMN recon.archive_admission."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.check_result AS SELECT h."source", h."settlement_date", h."check_name", h."severity", h."success", h."rows", h."unexpected", h."doc", h."checked_at", h."known_from" FROM recon.check_result_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.check_result IS 'A row is one expectation on one settlement day. As believed today.';
COMMENT ON COLUMN recon.check_result."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.check_result."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.check_result."check_name" IS 'Stable name of the expectation.';
COMMENT ON COLUMN recon.check_result."severity" IS 'critical or warning.';
COMMENT ON COLUMN recon.check_result."success" IS 'Whether it held.';
COMMENT ON COLUMN recon.check_result."rows" IS 'Rows looked at.';
COMMENT ON COLUMN recon.check_result."unexpected" IS 'Rows that broke it.';
COMMENT ON COLUMN recon.check_result."doc" IS 'What it checks, in words.';
COMMENT ON COLUMN recon.check_result."checked_at" IS 'When it was run.';
COMMENT ON COLUMN recon.check_result."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.break_cause AS SELECT h."source", h."settlement_date", h."scope", h."outcome", h."dimension", h."value", h."currency", h."breaks", h."at_risk", h."of_breaks", h."of_at_risk", h."share", h."base_share", h."lift", h."known_from" FROM recon.break_cause_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.break_cause IS 'A row is one thing that breaks of a settlement day share, and one currency of their money. As believed today.';
COMMENT ON COLUMN recon.break_cause."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.break_cause."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.break_cause."scope" IS 'new: breaks that were none when the day began; open: all of them.';
COMMENT ON COLUMN recon.break_cause."outcome" IS 'The outcome code of the breaks; any: all outcomes together.';
COMMENT ON COLUMN recon.break_cause."dimension" IS 'What they share: a CauseDimension code.';
COMMENT ON COLUMN recon.break_cause."value" IS 'Which one; only the ten with most breaks of each dimension are kept.';
COMMENT ON COLUMN recon.break_cause."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.break_cause."breaks" IS 'Breaks of this scope and outcome with this value, in this currency.';
COMMENT ON COLUMN recon.break_cause."at_risk" IS 'Their money at risk.';
COMMENT ON COLUMN recon.break_cause."of_breaks" IS 'All breaks of this scope and outcome, in whatever currency.';
COMMENT ON COLUMN recon.break_cause."of_at_risk" IS 'Money at risk of all breaks of this scope and outcome in this currency.';
COMMENT ON COLUMN recon.break_cause."share" IS 'Breaks with this value in whatever currency, of all breaks.';
COMMENT ON COLUMN recon.break_cause."base_share" IS 'Items with this value, of all that ought to match and have this dimension.';
COMMENT ON COLUMN recon.break_cause."lift" IS 'share / base_share, at most 999: how much more often breaks have it than items do.';
COMMENT ON COLUMN recon.break_cause."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.recon_suggestion AS SELECT h."source", h."settlement_date", h."item_id", h."suggested_item_id", h."choice", h."score", h."reasons", h."order_id", h."currency", h."expected", h."got", h."known_from" FROM recon.recon_suggestion_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.recon_suggestion IS 'A row is one open order that an open line may mean on a settlement day, of the 100,000 youngest open lines and orders; it changes no outcome. As believed today.';
COMMENT ON COLUMN recon.recon_suggestion."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.recon_suggestion."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.recon_suggestion."item_id" IS 'The open line: the item id of its outcome.';
COMMENT ON COLUMN recon.recon_suggestion."suggested_item_id" IS 'The open order: the item id of its outcome.';
COMMENT ON COLUMN recon.recon_suggestion."choice" IS 'Place among the line''s suggestions; 1 is the best.';
COMMENT ON COLUMN recon.recon_suggestion."score" IS 'How much speaks for it, in hundredths; only 0.40 and more is suggested.';
COMMENT ON COLUMN recon.recon_suggestion."reasons" IS 'The Evidence codes: expected is the order''s, got the line''s.';
COMMENT ON COLUMN recon.recon_suggestion."order_id" IS 'The order suggested.';
COMMENT ON COLUMN recon.recon_suggestion."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.recon_suggestion."expected" IS 'What the order says.';
COMMENT ON COLUMN recon.recon_suggestion."got" IS 'The line''s gross.';
COMMENT ON COLUMN recon.recon_suggestion."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.run_receipt AS SELECT h."source", h."settlement_date", h."as_of", h."archives", h."lines", h."items", h."snapshot_hash", h."outcome_hash", h."mart_hash", h."seal", h."published_at", h."known_from" FROM recon.run_receipt_history AS h WHERE h.known_to IS NULL;
COMMENT ON VIEW recon.run_receipt IS 'A row is one publication of one settlement day. As believed today.';
COMMENT ON COLUMN recon.run_receipt."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.run_receipt."settlement_date" IS 'The provider''s business day, in the source''s own zone.';
COMMENT ON COLUMN recon.run_receipt."as_of" IS 'The moment the day was judged at.';
COMMENT ON COLUMN recon.run_receipt."archives" IS 'Archives admitted.';
COMMENT ON COLUMN recon.run_receipt."lines" IS 'Lines admitted.';
COMMENT ON COLUMN recon.run_receipt."items" IS 'Outcome rows.';
COMMENT ON COLUMN recon.run_receipt."snapshot_hash" IS 'SHA-256 of the order snapshot.';
COMMENT ON COLUMN recon.run_receipt."outcome_hash" IS 'SHA-256 of the outcomes.';
COMMENT ON COLUMN recon.run_receipt."mart_hash" IS 'SHA-256 over what the rows follow from: the outcomes'' hash, the day''s lines, the SQL models, and the rows of every mart but recon_line.';
COMMENT ON COLUMN recon.run_receipt."seal" IS 'SHA-256 over what the rows were made from, by which code and rules, and the sums read back: where it is the same again, nothing has to be made.';
COMMENT ON COLUMN recon.run_receipt."published_at" IS 'When it was committed.';
COMMENT ON COLUMN recon.run_receipt."known_from" IS 'Since when this row is believed.';
CREATE VIEW recon.standing_decision AS -- Decisions that settle an item and are not void. Nobody approves his own, whatever a row says.
SELECT
    d.decision_id,
    d.source,
    d.item_id,
    d.kind,
    d.reason,
    d.linked_to,
    d.outcome,
    d.currency,
    d.expected,
    d.got,
    d.delta,
    d.amount,
    d.needs_second,
    d.decided_by,
    d.decided_at,
    a.decided_by AS approved_by,
    a.decided_at AS approved_at,
    (NOT d.needs_second OR a.decision_id IS NOT NULL) AS counts
FROM recon.decision AS d
LEFT JOIN LATERAL (
    SELECT y.decision_id, y.decided_by, y.decided_at
    FROM recon.decision AS y
    WHERE y.kind = 'approve' AND y.refers_to = d.decision_id AND y.decided_by <> d.decided_by
        AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = y.decision_id)
    ORDER BY y.decided_at, y.decision_id
    LIMIT 1
) AS a ON TRUE
WHERE d.kind IN ('accept', 'write_off', 'link')
    AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = d.decision_id);
COMMENT ON VIEW recon.standing_decision IS 'A row is one decision that settles an item and is not void, approved or not. As believed today.';
COMMENT ON COLUMN recon.standing_decision."decision_id" IS 'Id of the decision.';
COMMENT ON COLUMN recon.standing_decision."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.standing_decision."item_id" IS 'The item decided on, as in `recon_break`.';
COMMENT ON COLUMN recon.standing_decision."kind" IS 'The DecisionKind code.';
COMMENT ON COLUMN recon.standing_decision."reason" IS 'Why, in words; no personal data.';
COMMENT ON COLUMN recon.standing_decision."linked_to" IS 'For link: the order id, or the item id, it belongs to.';
COMMENT ON COLUMN recon.standing_decision."outcome" IS 'Outcome of the item when it was decided on.';
COMMENT ON COLUMN recon.standing_decision."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.standing_decision."expected" IS 'What the order said then.';
COMMENT ON COLUMN recon.standing_decision."got" IS 'What the line said then.';
COMMENT ON COLUMN recon.standing_decision."delta" IS 'got - expected then.';
COMMENT ON COLUMN recon.standing_decision."amount" IS 'Money decided on: what was at risk, or else what the item is about.';
COMMENT ON COLUMN recon.standing_decision."needs_second" IS 'Whether it counts only once somebody else has approved it.';
COMMENT ON COLUMN recon.standing_decision."decided_by" IS 'Login of the person; never an e-mail address.';
COMMENT ON COLUMN recon.standing_decision."decided_at" IS 'When.';
COMMENT ON COLUMN recon.standing_decision."approved_by" IS 'Login of the first other person who approved it; NULL without one.';
COMMENT ON COLUMN recon.standing_decision."approved_at" IS 'When it was approved.';
COMMENT ON COLUMN recon.standing_decision."counts" IS 'Whether nobody else''s approval is lacking.';
CREATE VIEW recon.open_break AS -- Open breaks. A decision is about the content it was made on: one that fits and counts goes before one that waits, and
-- that before one whose item has changed since.
SELECT
    b.source,
    b.item_id,
    b.settlement_date,
    b.outcome,
    b.reasons,
    b.archive_id,
    b.line_no,
    b.order_id,
    b.psp_reference,
    b.merchant_reference,
    b.batch_id,
    b.currency,
    b.expected,
    b.got,
    b.delta,
    b.at_risk,
    b.first_seen,
    (latest.day - b.first_seen)::BIGINT AS age_days,
    CASE
        WHEN latest.day - b.first_seen <= 1 THEN '0-1'
        WHEN latest.day - b.first_seen <= 3 THEN '2-3'
        WHEN latest.day - b.first_seen <= 7 THEN '4-7'
        WHEN latest.day - b.first_seen <= 30 THEN '8-30'
        ELSE 'over 30'
    END AS age_bucket,
    r.cause AS reopened_by,
    CASE
        WHEN s.decision_id IS NULL THEN 'undecided'
        WHEN NOT s.fits THEN 'reopened'
        WHEN s.counts THEN 'settled'
        ELSE 'waiting'
    END AS state,
    CASE WHEN s.fits AND s.counts THEN 0 ELSE b.at_risk END::NUMERIC(24, 6) AS unreconciled,
    CASE
        WHEN NOT s.fits THEN CONCAT_WS(
            '; ',
            CASE WHEN s.outcome <> b.outcome THEN 'outcome was ' || s.outcome || ', is ' || b.outcome END,
            CASE WHEN s.currency <> b.currency THEN 'currency was ' || s.currency || ', is ' || b.currency END,
            CASE WHEN s.expected IS DISTINCT FROM b.expected
                THEN 'expected was ' || COALESCE(s.expected::TEXT, 'nothing') || ', is '
                    || COALESCE(b.expected::TEXT, 'nothing') END,
            CASE WHEN s.got IS DISTINCT FROM b.got
                THEN 'got was ' || COALESCE(s.got::TEXT, 'nothing') || ', is ' || COALESCE(b.got::TEXT, 'nothing') END,
            CASE WHEN s.delta IS DISTINCT FROM b.delta
                THEN 'delta was ' || COALESCE(s.delta::TEXT, 'nothing') || ', is '
                    || COALESCE(b.delta::TEXT, 'nothing') END
        )
    END AS reopened_because,
    s.decision_id,
    s.kind AS decision,
    s.reason AS decision_reason,
    s.linked_to,
    s.decided_by,
    s.decided_at,
    s.approved_by,
    s.approved_at,
    g.assignee,
    GREATEST(b.known_from, s.decided_at, s.approved_at, g.decided_at) AS last_change
FROM recon.recon_break AS b
LEFT JOIN (
    SELECT r.source, MAX(r.settlement_date) AS day FROM recon.run_receipt AS r GROUP BY r.source
) AS latest ON latest.source = b.source
LEFT JOIN LATERAL (
    SELECT
        d.*,
        ROW(d.outcome, d.currency, d.expected, d.got, d.delta) IS NOT DISTINCT FROM ROW(b.outcome, b.currency, b.expected, b.got, b.delta) AS fits
    FROM recon.standing_decision AS d
    WHERE d.source = b.source AND d.item_id = b.item_id
    ORDER BY fits DESC, d.counts DESC, d.decided_at DESC, d.decision_id
    LIMIT 1
) AS s ON TRUE
LEFT JOIN LATERAL (
    SELECT p.cause
    FROM recon.reopening AS p
    WHERE p.source = b.source AND p.item_id = b.item_id
    ORDER BY p.reopened_at DESC
    LIMIT 1
) AS r ON TRUE
LEFT JOIN LATERAL (
    SELECT d.assignee, d.decided_at
    FROM recon.decision AS d
    WHERE d.source = b.source AND d.item_id = b.item_id AND d.kind = 'assign'
        AND NOT EXISTS (SELECT FROM recon.decision AS v WHERE v.kind = 'void' AND v.refers_to = d.decision_id)
    ORDER BY d.decided_at DESC, d.decision_id
    LIMIT 1
) AS g ON TRUE
WHERE b.status = 'open';
COMMENT ON VIEW recon.open_break IS 'A row is one open break, with its age and what people decided about it. As believed today.';
COMMENT ON COLUMN recon.open_break."source" IS 'Name of the source, as in its source file.';
COMMENT ON COLUMN recon.open_break."item_id" IS 'Stable id of the item across runs: `order:` and the order id, or `line:`, a digest and a running number.';
COMMENT ON COLUMN recon.open_break."settlement_date" IS 'The settlement day that last changed the item.';
COMMENT ON COLUMN recon.open_break."outcome" IS 'The break''s outcome code; for a closed item, its last one as a break.';
COMMENT ON COLUMN recon.open_break."reasons" IS 'All that is wrong: {code, field, expected, got, delta}.';
COMMENT ON COLUMN recon.open_break."archive_id" IS 'SHA-256 of the archive; NULL without a line.';
COMMENT ON COLUMN recon.open_break."line_no" IS 'Body record in the archive; NULL without a line.';
COMMENT ON COLUMN recon.open_break."order_id" IS 'The order claimed, or the order without a line.';
COMMENT ON COLUMN recon.open_break."psp_reference" IS 'The provider''s reference: a CIP for PagoEfectivo. Empty is NULL.';
COMMENT ON COLUMN recon.open_break."merchant_reference" IS 'The merchant''s reference: the order id.';
COMMENT ON COLUMN recon.open_break."batch_id" IS 'The provider''s batch.';
COMMENT ON COLUMN recon.open_break."currency" IS 'ISO 4217 code.';
COMMENT ON COLUMN recon.open_break."expected" IS 'What the order says; NULL without an order.';
COMMENT ON COLUMN recon.open_break."got" IS 'The line''s gross; NULL without a line.';
COMMENT ON COLUMN recon.open_break."delta" IS 'got - expected, a missing side counting as zero; NULL across currencies. Where one line paid several orders, the last of them has what it brought more or less, and the others 0: `expected + delta` is what each was paid.';
COMMENT ON COLUMN recon.open_break."at_risk" IS 'Money the break leaves unreconciled, never negative.';
COMMENT ON COLUMN recon.open_break."first_seen" IS 'Settlement date on which the item first appeared.';
COMMENT ON COLUMN recon.open_break."age_days" IS 'Days from first_seen to the latest settlement day of the source.';
COMMENT ON COLUMN recon.open_break."age_bucket" IS '0-1, 2-3, 4-7, 8-30 or over 30 days.';
COMMENT ON COLUMN recon.open_break."reopened_by" IS 'The ReopeningCause code; NULL for one that had not been cleared before.';
COMMENT ON COLUMN recon.open_break."state" IS 'The BreakState code.';
COMMENT ON COLUMN recon.open_break."unreconciled" IS 'at_risk, or 0 once it is settled.';
COMMENT ON COLUMN recon.open_break."reopened_because" IS 'What changed since it was decided on; NULL unless `state` is reopened.';
COMMENT ON COLUMN recon.open_break."decision_id" IS 'The decision that stands or waits, or that holds no more; NULL without one.';
COMMENT ON COLUMN recon.open_break."decision" IS 'Its DecisionKind code.';
COMMENT ON COLUMN recon.open_break."decision_reason" IS 'Why, in words.';
COMMENT ON COLUMN recon.open_break."linked_to" IS 'For link: the order or item it belongs to.';
COMMENT ON COLUMN recon.open_break."decided_by" IS 'Login of the person who decided.';
COMMENT ON COLUMN recon.open_break."decided_at" IS 'When.';
COMMENT ON COLUMN recon.open_break."approved_by" IS 'Login of the second person.';
COMMENT ON COLUMN recon.open_break."approved_at" IS 'When.';
COMMENT ON COLUMN recon.open_break."assignee" IS 'Login of whoever looks after it.';
COMMENT ON COLUMN recon.open_break."last_change" IS 'When the break, or anything decided about it, last changed.';
CREATE FUNCTION recon.recon_line_as_of(moment timestamptz) RETURNS SETOF recon.recon_line LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."item_id", h."outcome", h."reasons", h."archive_id", h."line_no", h."line_type", h."batch_id", h."order_id", h."psp_reference", h."operation_reference", h."merchant_reference", h."currency", h."expected", h."got", h."delta", h."fee", h."tax", h."net", h."occurred_at", h."pass", h."first_seen", h."age_days", h."known_from" FROM recon.recon_line_history AS h WHERE h.known_from <= recon_line_as_of.moment AND (h.known_to IS NULL OR h.known_to > recon_line_as_of.moment); END;
COMMENT ON FUNCTION recon.recon_line_as_of IS 'The view recon_line as it was believed at a moment.';
CREATE FUNCTION recon.recon_break_as_of(moment timestamptz) RETURNS SETOF recon.recon_break LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT DISTINCT ON (h.source, h.item_id) h."source", h."item_id", h."settlement_date", h."status", h."outcome", h."reasons", h."archive_id", h."line_no", h."order_id", h."psp_reference", h."merchant_reference", h."batch_id", h."currency", h."expected", h."got", h."delta", h."at_risk", h."first_seen", h."closed_on", h."known_from" FROM recon.recon_break_history AS h WHERE h.known_from <= recon_break_as_of.moment AND (h.known_to IS NULL OR h.known_to > recon_break_as_of.moment) ORDER BY h.source, h.item_id, h.settlement_date DESC; END;
COMMENT ON FUNCTION recon.recon_break_as_of IS 'The view recon_break as it was believed at a moment.';
CREATE FUNCTION recon.recon_daily_as_of(moment timestamptz) RETURNS SETOF recon.recon_daily LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."currency", h."lines", h."items", h."matchable", h."matched", h."variances", h."breaks", h."pending", h."match_rate_count", h."match_rate_money", h."matched_money", h."unreconciled", h."gross", h."fee", h."tax", h."net", h."known_from" FROM recon.recon_daily_history AS h WHERE h.known_from <= recon_daily_as_of.moment AND (h.known_to IS NULL OR h.known_to > recon_daily_as_of.moment); END;
COMMENT ON FUNCTION recon.recon_daily_as_of IS 'The view recon_daily as it was believed at a moment.';
CREATE FUNCTION recon.settlement_batch_as_of(moment timestamptz) RETURNS SETOF recon.settlement_batch LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."status", h."lines", h."gross", h."fee", h."tax", h."net", h."payout", h."bank_amount", h."credit_id", h."value_date", h."known_from" FROM recon.settlement_batch_history AS h WHERE h.known_from <= settlement_batch_as_of.moment AND (h.known_to IS NULL OR h.known_to > settlement_batch_as_of.moment); END;
COMMENT ON FUNCTION recon.settlement_batch_as_of IS 'The view settlement_batch as it was believed at a moment.';
CREATE FUNCTION recon.bank_match_as_of(moment timestamptz) RETURNS SETOF recon.bank_match LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."status", h."reason", h."method", h."credit_id", h."value_date", h."owed", h."credited", h."applied", h."candidates", h."known_from" FROM recon.bank_match_history AS h WHERE h.known_from <= bank_match_as_of.moment AND (h.known_to IS NULL OR h.known_to > bank_match_as_of.moment); END;
COMMENT ON FUNCTION recon.bank_match_as_of IS 'The view bank_match as it was believed at a moment.';
CREATE FUNCTION recon.payout_bridge_as_of(moment timestamptz) RETURNS SETOF recon.payout_bridge LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."batch_date", h."batch_id", h."currency", h."step_no", h."step", h."amount", h."total", h."known_from" FROM recon.payout_bridge_history AS h WHERE h.known_from <= payout_bridge_as_of.moment AND (h.known_to IS NULL OR h.known_to > payout_bridge_as_of.moment); END;
COMMENT ON FUNCTION recon.payout_bridge_as_of IS 'The view payout_bridge as it was believed at a moment.';
CREATE FUNCTION recon.fee_audit_as_of(moment timestamptz) RETURNS SETOF recon.fee_audit LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."currency", h."channel", h."payments", h."deviating", h."gross", h."fee_contract", h."fee_charged", h."tax_contract", h."tax_charged", h."known_from" FROM recon.fee_audit_history AS h WHERE h.known_from <= fee_audit_as_of.moment AND (h.known_to IS NULL OR h.known_to > fee_audit_as_of.moment); END;
COMMENT ON FUNCTION recon.fee_audit_as_of IS 'The view fee_audit as it was believed at a moment.';
CREATE FUNCTION recon.archive_admission_as_of(moment timestamptz) RETURNS SETOF recon.archive_admission LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."archive_id", h."file_name", h."verdict", h."reason", h."detail", h."bytes", h."shape", h."signer", h."signed_at", h."lines", h."seen_at", h."known_from" FROM recon.archive_admission_history AS h WHERE h.known_from <= archive_admission_as_of.moment AND (h.known_to IS NULL OR h.known_to > archive_admission_as_of.moment); END;
COMMENT ON FUNCTION recon.archive_admission_as_of IS 'The view archive_admission as it was believed at a moment.';
CREATE FUNCTION recon.check_result_as_of(moment timestamptz) RETURNS SETOF recon.check_result LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."check_name", h."severity", h."success", h."rows", h."unexpected", h."doc", h."checked_at", h."known_from" FROM recon.check_result_history AS h WHERE h.known_from <= check_result_as_of.moment AND (h.known_to IS NULL OR h.known_to > check_result_as_of.moment); END;
COMMENT ON FUNCTION recon.check_result_as_of IS 'The view check_result as it was believed at a moment.';
CREATE FUNCTION recon.break_cause_as_of(moment timestamptz) RETURNS SETOF recon.break_cause LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."scope", h."outcome", h."dimension", h."value", h."currency", h."breaks", h."at_risk", h."of_breaks", h."of_at_risk", h."share", h."base_share", h."lift", h."known_from" FROM recon.break_cause_history AS h WHERE h.known_from <= break_cause_as_of.moment AND (h.known_to IS NULL OR h.known_to > break_cause_as_of.moment); END;
COMMENT ON FUNCTION recon.break_cause_as_of IS 'The view break_cause as it was believed at a moment.';
CREATE FUNCTION recon.recon_suggestion_as_of(moment timestamptz) RETURNS SETOF recon.recon_suggestion LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."item_id", h."suggested_item_id", h."choice", h."score", h."reasons", h."order_id", h."currency", h."expected", h."got", h."known_from" FROM recon.recon_suggestion_history AS h WHERE h.known_from <= recon_suggestion_as_of.moment AND (h.known_to IS NULL OR h.known_to > recon_suggestion_as_of.moment); END;
COMMENT ON FUNCTION recon.recon_suggestion_as_of IS 'The view recon_suggestion as it was believed at a moment.';
CREATE FUNCTION recon.run_receipt_as_of(moment timestamptz) RETURNS SETOF recon.run_receipt LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT h."source", h."settlement_date", h."as_of", h."archives", h."lines", h."items", h."snapshot_hash", h."outcome_hash", h."mart_hash", h."seal", h."published_at", h."known_from" FROM recon.run_receipt_history AS h WHERE h.known_from <= run_receipt_as_of.moment AND (h.known_to IS NULL OR h.known_to > run_receipt_as_of.moment); END;
COMMENT ON FUNCTION recon.run_receipt_as_of IS 'The view run_receipt as it was believed at a moment.';
CREATE FUNCTION recon.movement(since timestamptz, until timestamptz) RETURNS TABLE (source text, currency text, outcome text, start_count bigint, start_money numeric, opened_count bigint, opened_money numeric, closed_count bigint, closed_money numeric, changed_in_count bigint, changed_in_money numeric, changed_out_count bigint, changed_out_money numeric, end_count bigint, end_money numeric) LANGUAGE sql STABLE BEGIN ATOMIC
-- Each item once: what it was in `since`, what it is in `until`, and which step lies between.
WITH item AS (
    SELECT
        COALESCE(was.source, becomes.source) AS source,
        was.currency AS old_currency,
        was.outcome AS old_outcome,
        was.at_risk AS old_money,
        becomes.currency AS new_currency,
        becomes.outcome AS new_outcome,
        becomes.at_risk AS new_money,
        CASE
            WHEN was.item_id IS NULL THEN 'opened'
            WHEN becomes.item_id IS NULL THEN 'closed'
            WHEN ROW(was.currency, was.outcome, was.at_risk) = ROW(becomes.currency, becomes.outcome, becomes.at_risk)
                THEN 'stayed'
            ELSE 'changed'
        END AS step
    FROM (SELECT b.* FROM recon.recon_break_as_of(movement.since) AS b WHERE b.status = 'open') AS was
    FULL JOIN (SELECT b.* FROM recon.recon_break_as_of(movement.until) AS b WHERE b.status = 'open') AS becomes
        ON becomes.source = was.source AND becomes.item_id = was.item_id
)

SELECT
    item.source,
    side.currency,
    side.outcome,
    COUNT(*) FILTER (WHERE side.old) AS start_count,
    COALESCE(SUM(side.money) FILTER (WHERE side.old), 0) AS start_money,
    COUNT(*) FILTER (WHERE item.step = 'opened') AS opened_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'opened'), 0) AS opened_money,
    COUNT(*) FILTER (WHERE item.step = 'closed') AS closed_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'closed'), 0) AS closed_money,
    COUNT(*) FILTER (WHERE item.step = 'changed' AND NOT side.old) AS changed_in_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'changed' AND NOT side.old), 0) AS changed_in_money,
    COUNT(*) FILTER (WHERE item.step = 'changed' AND side.old) AS changed_out_count,
    COALESCE(SUM(side.money) FILTER (WHERE item.step = 'changed' AND side.old), 0) AS changed_out_money,
    COUNT(*) FILTER (WHERE NOT side.old) AS end_count,
    COALESCE(SUM(side.money) FILTER (WHERE NOT side.old), 0) AS end_money
FROM item
CROSS JOIN LATERAL (
    VALUES
    (TRUE, item.old_currency, item.old_outcome, item.old_money),
    (FALSE, item.new_currency, item.new_outcome, item.new_money)
) AS side (old, currency, outcome, money)
WHERE side.outcome IS NOT NULL
GROUP BY item.source, side.currency, side.outcome
ORDER BY item.source, side.currency, side.outcome;
END;
COMMENT ON FUNCTION recon.movement IS 'What became of open breaks between two moments; a row is one outcome and currency in which breaks of a source were open at one of two moments: end = start + opened + changed_in - closed - changed_out.';
CREATE INDEX decision_item ON recon.decision (source, item_id);
CREATE INDEX decision_refers_to ON recon.decision (refers_to) WHERE refers_to IS NOT NULL;
ALTER TABLE recon.decision ADD CONSTRAINT decision_people CHECK (decided_by ~ '^[a-z0-9][a-z0-9._-]{0,63}$' AND assignee ~ '^[a-z0-9][a-z0-9._-]{0,63}$'), ADD CONSTRAINT decision_refers CHECK ((kind IN ('approve', 'void')) = (refers_to IS NOT NULL)), ADD CONSTRAINT decision_links CHECK ((kind = 'link') = (linked_to IS NOT NULL)), ADD CONSTRAINT decision_assigns CHECK ((kind = 'assign') = (assignee IS NOT NULL));
CREATE FUNCTION recon.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'recon.% is only added to; undo a decision by a later one of kind void', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.decision FOR EACH STATEMENT EXECUTE FUNCTION recon.refuse_change();
ALTER TABLE recon.decision ENABLE ALWAYS TRIGGER append_only;
