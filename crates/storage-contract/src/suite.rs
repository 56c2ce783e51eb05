//! The list of cases, from which come both the tests of a store and the comparison with the ports' clauses.

/// A case of the suite.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Case {
    /// The file of its aggregate, here and in the ports.
    pub aggregate: &'static str,
    /// The clause that it shows; 0 is what the documentation of a method says beside the numbered clauses.
    pub clause: u32,
    /// The function.
    pub name: &'static str,
}

/// Makes a test of each case, for the [`Harness`](crate::Harness) in the brackets.
#[macro_export]
macro_rules! suite {
    ($harness:ty) => {
        $crate::list_cases! { tests [$harness] }
    };
}

/// Hands the list of cases to [`expand_cases!`].
#[doc(hidden)]
#[macro_export]
macro_rules! list_cases {
    ($what:ident [$($argument:tt)*]) => {
        $crate::expand_cases! { $what [$($argument)*]
            access_token 1 is_any_access_token_revoked_looks_at_those_of_the_realm;
            access_token 2 find_withheld_claims_gives_none_for_what_no_token_leaves_out;
            access_token 3 revoke_access_token_says_whether_it_was_not_revoked_before;
            access_token 4 keep_withheld_claims_keeps_every_field;
            access_token 4 keep_withheld_claims_keeps_them_until_a_day_after_the_last_end;
            access_token 5 what_is_remembered_of_tokens_goes_with_the_realm;
            account 1 find_account_gives_none_for_an_unknown_name;
            account 1 find_account_compares_names_exactly;
            account 2 list_accounts_gives_every_account_by_name;
            account 3 insert_account_refuses_a_taken_name;
            account 4 update_account_keeps_every_field;
            account 4 update_account_needs_an_account;
            api_client 1 find_api_client_gives_none_for_an_unknown_id;
            api_client 1 find_api_client_gives_none_for_an_id_of_another_realm;
            api_client 1 find_api_client_compares_ids_exactly;
            api_client 2 find_api_client_by_principal_gives_the_one_of_the_realm;
            api_client 3 query_api_clients_gives_the_page_ordered_by_id_and_counts_all;
            api_client 3 query_api_clients_compares_ids_and_names;
            api_client 3 query_api_clients_takes_no_sign_for_another;
            api_client 3 query_api_clients_compares_the_roles_held_in_the_realm;
            api_client 3 query_api_clients_joins_the_terms_of_both_groups;
            api_client 3 query_api_clients_takes_many_terms_and_long_texts;
            api_client 4 insert_api_client_keeps_every_field;
            api_client 4 insert_api_client_refuses_a_taken_id_of_the_realm;
            api_client 4 insert_api_client_refuses_the_id_of_a_client_of_another_kind;
            api_client 4 insert_api_client_takes_an_id_that_another_realm_has;
            api_client 5 update_api_client_keeps_name_description_and_instant;
            api_client 5 update_api_client_needs_a_client;
            api_client 6 delete_api_client_takes_its_roles_and_no_others;
            api_client 6 delete_api_client_says_whether_there_was_one;
            api_client 6 delete_api_client_refuses_while_it_holds_a_token;
            api_client 7 delete_realm_refuses_while_an_api_client_stands_in_it;
            api_token 1 find_api_token_gives_none_for_what_is_not_of_the_realm;
            api_token 2 query_api_tokens_orders_as_asked_and_counts_all;
            api_token 2 query_api_tokens_finds_by_name_client_and_life;
            api_token 3 list_outlived_api_tokens_gives_the_longest_over_first;
            api_token 4 insert_api_token_keeps_every_field;
            api_token 4 insert_api_token_refuses_a_taken_id_and_needs_its_client;
            api_token 5 update_api_token_keeps_every_field;
            api_token 6 record_api_token_use_dates_the_use;
            api_token 7 delete_api_token_says_whether_there_was_one;
            audit 1 list_audit_records_gives_every_field;
            audit 1 list_audit_records_reads_every_action;
            audit 1 list_audit_records_filters_and_orders_as_asked;
            audit 2 list_audit_records_ends_the_page_before_an_unreadable_record;
            audit 3 find_audit_head_gives_the_head_and_none_while_empty;
            audit 4 list_audit_checkpoints_gives_all_the_oldest_first;
            audit 5 commit_keeps_the_order_of_its_events;
            audit 5 sequences_have_no_gap_whatever_was_dropped_or_failed_between;
            audit 6 insert_audit_checkpoint_refuses_a_taken_sequence;
            broker 1 find_broker_gives_none_for_what_is_unknown;
            broker 1 find_broker_by_tenant_compares_exactly;
            broker 2 list_brokers_gives_every_broker_the_oldest_first;
            broker 3 insert_broker_refuses_a_taken_id;
            broker 3 insert_broker_refuses_a_taken_tenant;
            broker 4 update_broker_keeps_every_field;
            broker 4 update_broker_needs_a_broker;
            client 1 find_client_gives_api_clients_and_oauth_apps_of_the_realm;
            client 2 find_client_by_principal_does_the_same;
            client 3 delete_client_credentials_takes_those_of_the_principal_and_recalls_them;
            client_key 1 find_client_key_gives_none_for_what_is_not_of_the_realm;
            client_key 2 list_client_keys_gives_those_of_the_principal_the_newest_first;
            client_key 3 insert_client_key_keeps_every_field;
            client_key 3 insert_client_key_refuses_a_taken_id_and_the_same_key_again;
            client_key 4 record_client_key_use_dates_the_use;
            client_key 5 delete_client_key_says_whether_there_was_one;
            client_profile 1 find_client_profile_gives_none_for_what_is_not_of_the_realm;
            client_profile 2 list_client_profiles_gives_those_of_the_realm_the_oldest_first;
            client_profile 3 find_rules_epoch_grows_with_each_change;
            client_profile 4 insert_client_profile_keeps_every_field;
            client_profile 4 insert_client_profile_refuses_the_same_subject;
            client_profile 5 update_client_profile_changes_the_grants_alone;
            client_profile 6 delete_client_profile_says_whether_there_was_one;
            client_profile 7 client_profiles_go_with_their_realm;
            client_secret 1 find_client_secret_gives_none_for_what_is_not_of_the_realm;
            client_secret 2 list_client_secrets_gives_those_of_the_principal_the_newest_first;
            client_secret 3 insert_client_secret_keeps_every_field;
            client_secret 3 insert_client_secret_refuses_a_taken_id;
            client_secret 4 set_client_secret_end_changes_the_end_alone;
            client_secret 5 record_client_secret_use_dates_the_use;
            client_secret 6 delete_client_secret_says_whether_there_was_one;
            emergency_client 1 find_emergency_client_gives_none_for_an_unknown_id;
            emergency_client 1 find_emergency_client_gives_none_for_an_id_of_another_realm;
            emergency_client 1 find_emergency_client_compares_ids_exactly;
            emergency_client 2 find_by_digest_gives_the_client_of_whatever_realm_alive_or_not;
            emergency_client 2 find_by_digest_finds_nothing_for_a_digest_that_was_replaced;
            emergency_client 3 list_emergency_clients_gives_those_of_the_realm_ordered_by_id;
            emergency_client 4 list_unrecorded_expiries_gives_what_is_over_and_not_recorded;
            emergency_client 5 summarize_counts_as_alive_what_is_neither_revoked_nor_over;
            emergency_client 6 insert_emergency_client_keeps_every_field;
            emergency_client 6 insert_emergency_client_refuses_a_taken_id_of_the_realm;
            emergency_client 6 insert_emergency_client_refuses_a_taken_id_at_the_commit_at_the_latest;
            emergency_client 6 insert_emergency_client_refuses_the_id_of_a_client_of_another_kind;
            emergency_client 6 insert_emergency_client_takes_an_id_that_another_realm_has;
            emergency_client 7 update_emergency_client_keeps_every_field_but_usage;
            emergency_client 7 update_emergency_client_needs_a_client;
            emergency_client 8 delete_emergency_client_says_whether_there_was_one;
            emergency_client 9 record_emergency_use_counts_and_dates_the_use;
            emergency_client 9 record_emergency_use_refuses_what_is_not_the_present_token_alive;
            installation 1 find_installation_gives_none_until_one_was_written;
            installation 2 insert_installation_refuses_a_second_one;
            installation 3 update_installation_keeps_every_field;
            installation 3 update_installation_needs_one;
            oauth_app 1 find_oauth_app_gives_none_for_what_is_not_of_the_realm;
            oauth_app 2 list_oauth_apps_gives_those_of_the_realm_the_oldest_first;
            oauth_app 3 insert_oauth_app_keeps_every_field;
            oauth_app 3 insert_oauth_app_refuses_a_taken_id_or_client_id_of_the_realm;
            oauth_app 4 update_oauth_app_keeps_name_addresses_and_instant;
            oauth_app 5 delete_oauth_app_takes_its_roles_and_says_whether_there_was_one;
            oauth_app 6 delete_realm_refuses_while_an_oauth_app_stands_in_it;
            realm 1 find_realm_gives_none_for_what_is_unknown;
            realm 1 find_realm_of_broker_gives_the_one_on_it;
            realm 2 list_realms_gives_every_realm_the_oldest_first;
            realm 3 insert_realm_refuses_a_taken_id;
            realm 3 insert_realm_refuses_a_second_one_on_a_broker;
            realm 4 delete_realm_refuses_while_a_client_stands_in_it;
            realm 4 delete_realm_says_whether_there_was_one;
            recall 1 what_ends_a_token_leaves_a_recall_in_the_chain;
            recall 1 a_unit_that_is_dropped_leaves_no_recall;
            recall 1 what_is_forgotten_because_it_is_over_leaves_no_recall;
            recall 1 an_api_token_that_is_forgotten_leaves_no_recall;
            recall 2 find_recall_head_gives_the_last_recall;
            recall 3 list_recalls_gives_those_after_a_number_in_their_order;
            recall 4 take_over_recalls_ends_here_what_ended_there;
            recall 4 take_over_recalls_tells_of_passwords_that_were_others;
            recall 4 take_over_recalls_refuses_what_does_not_follow;
            recall 5 no_place_that_may_have_been_given_out_is_given_out_again;
            recall 6 recall_everything_leaves_a_recall_of_each;
            recall 7 skip_places_lets_every_list_go_on_further;
            registered_token 1 find_registered_token_gives_none_for_what_is_not_registered;
            registered_token 2 count_registered_tokens_counts_those_of_every_realm;
            registered_token 3 put_registered_token_keeps_every_field;
            registered_token 3 put_registered_token_replaces_what_was_registered_with_the_same_token;
            registered_token 3 put_registered_token_needs_its_issuer;
            registered_token 4 put_registered_token_forgets_the_oldest_of_the_subject;
            registered_token 5 registered_tokens_go_with_their_issuer_and_their_realm;
            registered_token 0 prune_forgets_the_registered_tokens_that_are_over;
            role 1 find_role_gives_none_for_an_unknown_name;
            role 1 find_role_compares_names_exactly;
            role 2 list_roles_orders_as_asked;
            role 2 list_roles_gives_the_page_and_counts_all_that_pass;
            role 3 insert_role_keeps_every_field;
            role 3 insert_role_refuses_a_taken_name;
            role 4 update_role_keeps_every_field;
            role 4 update_role_needs_a_role;
            role 5 delete_role_refuses_while_a_principal_of_whatever_realm_holds_it;
            role 5 delete_role_says_whether_there_was_one;
            role_assignment 1 list_role_assignments_gives_what_is_held_in_the_realm;
            role_assignment 1 list_role_assignments_keeps_the_order_of_writing;
            role_assignment 2 find_roles_epoch_grows_with_each_change;
            role_assignment 3 replace_role_assignments_keeps_every_field;
            role_assignment 3 replace_role_assignments_takes_away_what_was_held;
            role_assignment 3 replace_role_assignments_needs_every_role;
            session 1 find_session_gives_it_as_written_also_when_it_is_over;
            session 2 find_session_grant_gives_it_as_written;
            session 3 insert_session_refuses_a_taken_digest;
            session 4 delete_session_says_whether_there_was_one;
            session 5 delete_sessions_of_deletes_those_of_the_account_and_no_other;
            session 6 put_session_grant_moves_the_end_on_and_refuses_a_second_one;
            session 7 a_session_that_is_gone_takes_its_grants_along;
            settings 1 find_settings_gives_the_defaults_until_others_were_written;
            settings 2 update_settings_keeps_every_field;
            signing_key 1 find_signing_key_gives_none_for_an_unknown_id;
            signing_key 2 list_signing_keys_gives_those_of_the_broker_the_newest_first;
            signing_key 3 insert_signing_key_refuses_a_taken_id;
            signing_key 4 update_signing_key_keeps_every_field;
            signing_key 4 update_signing_key_needs_a_key;
            signing_key 5 recall_signed_revokes_the_emergency_tokens_of_the_keys;
            signing_key 5 recall_signed_moves_the_credentials_that_were_used;
            status_list 1 find_status_list_extent_gives_none_for_an_unknown_broker;
            status_list 2 list_recalled_gives_the_places_of_the_broker_in_ascending_order;
            status_list 3 allocate_status_index_gives_each_place_once;
            status_list 3 allocate_status_index_needs_a_broker;
            status_list 4 recall_token_raises_the_epoch_once_for_a_place;
            store 1 what_a_commit_acknowledged_is_there_when_the_store_is_opened_again;
            store 2 a_dropped_unit_leaves_no_trace;
            store 2 a_unit_that_met_a_conflict_and_was_dropped_leaves_no_trace;
            store 2 a_unit_whose_record_cannot_be_kept_leaves_no_trace;
            store 2 a_caller_that_goes_away_while_it_waits_holds_up_nobody;
            store 3 units_run_as_if_one_after_the_other_over_all_handles;
            store 4 a_view_begun_after_a_commit_sees_it_on_every_handle;
            store 5 views_do_not_wait_for_units;
            store 6 commits_that_wait_at_the_same_time_are_made_durable_together;
            store 7 what_a_unit_has_read_that_is_left_is_there;
            store 8 a_view_for_checks_sees_every_acknowledged_commit;
            store 0 a_unit_reads_its_own_writes;
            store 0 commit_gives_the_new_head_of_the_chain;
            store 0 extend_session_never_shortens_one;
            store 0 extend_session_lets_what_is_gone_stay_gone;
            store 0 use_assertion_says_whether_it_was_not_used_before;
            store 0 prune_forgets_what_can_matter_no_more;
            store 0 close_finishes_the_commits_under_way;
            store 0 close_makes_whatever_comes_later_unavailable;
            task 1 find_task_gives_none_for_an_unknown_id;
            task 2 list_queued_tasks_gives_those_that_have_not_ended_the_oldest_first;
            task 3 insert_task_refuses_a_taken_id;
            task 4 update_task_keeps_every_field;
            task 4 update_task_needs_a_task;
            token_issuer 1 list_token_issuers_gives_those_of_the_realm_with_their_chains;
            token_issuer 2 insert_token_issuer_refuses_a_taken_alias_and_a_taken_issuer;
            token_issuer 3 update_token_issuer_replaces_issuer_and_chains;
            token_issuer 4 delete_token_issuer_says_whether_there_was_one;
            token_issuer 5 token_issuers_go_with_their_realm;
        }
    };
}

/// Makes tests of the list of cases, or the table of them.
#[doc(hidden)]
#[macro_export]
macro_rules! expand_cases {
    (tests [$harness:ty] $($aggregate:ident $clause:literal $name:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            $crate::$aggregate::$name::<$harness>().await;
        }
    )+};
    (table [] $($aggregate:ident $clause:literal $name:ident;)+) => {
        &[$(
            $crate::Case {
                aggregate: stringify!($aggregate),
                clause: $clause,
                name: stringify!($name),
            },
        )+]
    };
}

/// Every case.
pub const CASES: &[Case] = list_cases!(table[]);
