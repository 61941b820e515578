//! Blocks, headers, receipts and transactions by height, hash and id.

use chainstack_primitives::{Block, Hash, Header, Height, Receipt, Transaction};
use parity_scale_codec::{Decode, DecodeAll, Encode};

use super::{Shared, Store};
use crate::{
    Damage, StorageFault,
    backend::{Batch, Column},
    keys,
};

/// Receipts of one stored chunk: a lookup decodes so many.
pub(crate) const RECEIPTS_PER_CHUNK: u32 = 256;

/// Where a transaction was included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Inclusion {
    /// Height of the block.
    pub height: Height,
    /// Place in the block, from 0.
    pub index: u32,
}

/// Numbers from 0; lists in a block are bounded far below the end.
pub(super) fn numbered<T>(items: impl IntoIterator<Item = T>) -> impl Iterator<Item = (u32, T)> {
    (0u32..).zip(items)
}

/// Stages receipts and the index of transactions.
pub(super) fn put_receipts(batch: &mut Batch, height: Height, receipts: &[Receipt]) {
    let per_chunk = usize::try_from(RECEIPTS_PER_CHUNK).unwrap_or(usize::MAX);
    for (chunk, receipts) in numbered(receipts.chunks(per_chunk)) {
        batch.put(Column::Receipts, &keys::chunk(height, chunk), &receipts.encode());
    }
    for (index, receipt) in numbered(receipts) {
        batch.put(Column::Transactions, &keys::inclusion(&receipt.id.0, height, index), &[]);
    }
}

/// Stages the removal of everything that [`put_receipts`] staged.
pub(super) fn delete_receipts(batch: &mut Batch, height: Height, receipts: &[Receipt]) {
    for (index, receipt) in numbered(receipts) {
        batch.delete(Column::Transactions, &keys::inclusion(&receipt.id.0, height, index));
    }
    batch.delete_range(Column::Receipts, &keys::height(height), &keys::after_prefix(&keys::height(height)));
}

impl Shared {
    /// A record that must be there, decoded.
    pub(crate) fn required<T: Decode>(&self, column: Column, key: &[u8]) -> Result<T, StorageFault> {
        let payload =
            self.payload(column, key)?.ok_or_else(|| StorageFault::corrupt(column, key, Damage::Missing))?;
        T::decode_all(&mut payload.as_slice())
            .map_err(|_| StorageFault::corrupt(column, key, Damage::Malformed))
    }

    pub(crate) fn header_at(&self, height: Height) -> Result<Header, StorageFault> {
        self.required(Column::Headers, &keys::height(height))
    }

    pub(crate) fn block_at(&self, height: Height) -> Result<Block, StorageFault> {
        let key = keys::height(height);
        let payload = self.payload(Column::Blocks, &key)?;
        let payload = payload.ok_or_else(|| StorageFault::corrupt(Column::Blocks, &key, Damage::Missing))?;
        Block::decode_all(&payload)
            .map_err(|_| StorageFault::corrupt(Column::Blocks, &key, Damage::Malformed))
    }

    /// The stored chunk of receipts that holds the place `at`.
    fn receipts_with(&self, at: Inclusion) -> Result<Option<Vec<Receipt>>, StorageFault> {
        let key = keys::chunk(at.height, at.index / RECEIPTS_PER_CHUNK);
        let Some(payload) = self.payload(Column::Receipts, &key)? else { return Ok(None) };
        let receipts = Vec::<Receipt>::decode_all(&mut payload.as_slice());
        receipts.map(Some).map_err(|_| StorageFault::corrupt(Column::Receipts, &key, Damage::Malformed))
    }

    pub(crate) fn receipts_at(
        &self,
        height: Height,
        transactions: usize,
    ) -> Result<Vec<Receipt>, StorageFault> {
        let mut receipts = Vec::new();
        for chunk in 0.. {
            if receipts.len() >= transactions {
                break;
            }
            let mut part: Vec<Receipt> = self.required(Column::Receipts, &keys::chunk(height, chunk))?;
            if part.is_empty() {
                return Err(StorageFault::corrupt(
                    Column::Receipts,
                    &keys::chunk(height, chunk),
                    Damage::Malformed,
                ));
            }
            receipts.append(&mut part);
        }
        if receipts.len() == transactions {
            Ok(receipts)
        } else {
            Err(StorageFault::corrupt(Column::Receipts, &keys::height(height), Damage::Contradiction))
        }
    }
}

/// Place of a transaction in its chunk of receipts.
fn place_in_chunk(at: Inclusion) -> usize {
    usize::try_from(at.index % RECEIPTS_PER_CHUNK).unwrap_or(usize::MAX)
}

/// Reads ids of transactions by their places; neighbours cost one read together.
pub(super) struct ReceiptsRead<'a> {
    shared: &'a Shared,
    /// The chunk read last: height, number, the ids in it.
    last: Option<(Height, u32, Vec<Hash>)>,
}

impl<'a> ReceiptsRead<'a> {
    pub(super) const fn of(shared: &'a Shared) -> Self {
        Self { shared, last: None }
    }

    /// The id of the transaction at a place that the chain has.
    pub(super) fn id(&mut self, at: Inclusion) -> Result<Hash, StorageFault> {
        let chunk = at.index / RECEIPTS_PER_CHUNK;
        if !matches!(&self.last, Some((height, number, _)) if (*height, *number) == (at.height, chunk)) {
            let receipts = self.shared.receipts_with(at)?.unwrap_or_default();
            let ids = receipts.into_iter().map(|receipt| receipt.id).collect();
            self.last = Some((at.height, chunk, ids));
        }
        let found = self.last.as_ref().and_then(|(_, _, ids)| ids.get(place_in_chunk(at)).copied());
        found.ok_or_else(|| {
            StorageFault::corrupt(Column::Receipts, &keys::chunk(at.height, chunk), Damage::Missing)
        })
    }
}

impl Store {
    /// Runs `read` for a height the chain has; `None` for one it has not, or has no more.
    fn at_height<T>(
        &self,
        height: Height,
        read: impl FnOnce(&Shared) -> Result<T, StorageFault>,
    ) -> Result<Option<T>, StorageFault> {
        if height > self.head().height() {
            return Ok(None);
        }
        match read(&self.shared) {
            // A revert went past the height while it was read.
            Err(StorageFault::Corrupt { damage: Damage::Missing, .. }) if height > self.head().height() => {
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// The header at `height`; `None` past the head.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn header(&self, height: Height) -> Result<Option<Header>, StorageFault> {
        self.at_height(height, |shared| shared.header_at(height))
    }

    /// The block at `height`; `None` past the head. Decodes up to 16 MiB.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn block(&self, height: Height) -> Result<Option<Block>, StorageFault> {
        self.at_height(height, |shared| shared.block_at(height))
    }

    /// Height of the block with this hash.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn height_of(&self, hash: &Hash) -> Result<Option<Height>, StorageFault> {
        let Some(payload) = self.shared.payload(Column::Hashes, &hash.0)? else { return Ok(None) };
        let bytes = payload.try_into();
        let bytes = bytes.map_err(|_| StorageFault::corrupt(Column::Hashes, &hash.0, Damage::Malformed))?;
        Ok(Some(Height(u64::from_le_bytes(bytes))))
    }

    /// The block with this hash.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn block_by_hash(&self, hash: &Hash) -> Result<Option<Block>, StorageFault> {
        let Some(height) = self.height_of(hash)? else { return Ok(None) };
        let block = self.block(height)?;
        Ok(block.filter(|block| block.header.hash() == *hash))
    }

    /// All receipts of a block; `None` past the head.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read them.
    pub fn receipts(&self, height: Height) -> Result<Option<Vec<Receipt>>, StorageFault> {
        self.at_height(height, |shared| {
            let transactions = shared.block_at(height)?.transactions.len();
            shared.receipts_at(height, transactions)
        })
    }

    /// The receipt of one transaction; `None` if the chain has no such place.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn receipt(&self, at: Inclusion) -> Result<Option<Receipt>, StorageFault> {
        let Some(receipts) = self.shared.receipts_with(at)? else { return Ok(None) };
        Ok(receipts.into_iter().nth(place_in_chunk(at)))
    }

    /// Everywhere the transaction with this id was included, ascending. Empty if nowhere.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn transaction(&self, id: &Hash) -> Result<Vec<Inclusion>, StorageFault> {
        let rows = self.shared.backend.scan(Column::Transactions, &id.0, &keys::after_prefix(&id.0))?;
        let mut found = Vec::new();
        for row in rows {
            let (key, sealed) = row?;
            crate::record::open(Column::Transactions, &key, &sealed)?;
            let place = keys::split_inclusion(&key);
            let (height, index) =
                place.ok_or_else(|| StorageFault::corrupt(Column::Transactions, &key, Damage::Malformed))?;
            found.push(Inclusion { height, index });
        }
        Ok(found)
    }

    /// The transaction at a place; `None` if the chain has no such place. Decodes the whole block.
    ///
    /// # Errors
    /// [`StorageFault`] if this machine cannot read it.
    pub fn transaction_at(&self, at: Inclusion) -> Result<Option<Transaction>, StorageFault> {
        let Some(block) = self.block(at.height)? else { return Ok(None) };
        let index = usize::try_from(at.index).unwrap_or(usize::MAX);
        Ok(block.transactions.into_inner().into_iter().nth(index))
    }
}
