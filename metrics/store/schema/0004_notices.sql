-- Who was told what, so that nobody is told twice.

CREATE TABLE notices (service VARCHAR, subject VARCHAR, sent_at TIMESTAMP);   -- subject: digest, or item/ID
